/** The git hooks that Lockstep has a script for, and how a script is called at its place. */

/** As git names them. */
export const hookNames = ['pre-push', 'post-merge', 'post-rewrite', 'reference-transaction'] as const;

export type HookName = (typeof hookNames)[number];

/**
 * Who calls a script: `git` itself, from its hooks folder; `husky`, which hands it to `sh -e`; `entry`, a line in the
 * file of another program that starts hooks, such as lefthook's.
 */
export type HookCaller = 'git' | 'husky' | 'entry';

/** What stands behind the name of a hook that was there before; Lockstep's script runs it first. */
export const heldSuffix = '.before-lockstep';
