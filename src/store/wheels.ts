/** Wheels in the store, by what they were built from: built once, used by every target. */

export interface StoredWheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** File name, as PEP 427 writes it. */
  readonly file: string;
  /** Absolute path of the wheel. */
  readonly path: string;
}

export interface WheelStore {
  /** The wheel that was built from a source key, or fetched under a pin; undefined when it is not here or damaged. */
  find(key: string): StoredWheel | undefined;
  /** Keeps a wheel under its key. In a dry run it is kept in the scratch folder only. */
  keep(key: string, wheelPath: string, facts: { readonly name: string; readonly version: string }): StoredWheel;
}
