/** What is said to the program that runs tests, and what it answers. */

export interface ServerRequest {
  /** Relative to its checkout. */
  readonly files: readonly string[];
  /** Parts of names; all tests of the files when there are none. */
  readonly named: readonly string[];
  /** Files that were written since the request before, relative to the checkout. */
  readonly changed: readonly string[];
}

export type ServerAnswer =
  | { readonly kind: 'passed'; readonly tests: number }
  /** The name of the first test that failed. */
  | { readonly kind: 'failed'; readonly test: string }
  | { readonly kind: 'could-not-run'; readonly why: string };
