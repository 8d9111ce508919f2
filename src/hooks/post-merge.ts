/** `post-merge`: after a merge or a pull, brings the targets in step, or tells which are behind. */
import { type GitHook, nothingToSay } from './hook.ts';
import { afterMove } from './moved.ts';

export const postMerge: GitHook = {
  name: 'post-merge',
  // A squash merges into the index alone: main has not moved yet.
  run: async (call) => (call.args[0] === '1' ? nothingToSay : afterMove(call, { hook: 'post-merge', what: 'merge' })),
};
