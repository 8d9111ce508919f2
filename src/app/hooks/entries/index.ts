/** The registry of programs that start hooks from a file of their own; the first that a project has a file of counts. */
import type { EntryKind } from './entry-kind.ts';
import { lefthook } from './lefthook.ts';
import { preCommit } from './pre-commit.ts';

export const entryKinds: readonly EntryKind[] = [lefthook, preCommit];
