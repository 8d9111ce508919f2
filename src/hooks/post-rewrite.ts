/** `post-rewrite`: after a pull that rebased, which no `post-merge` follows, does what that does. */
import { type GitHook, nothingToSay } from './hook.ts';
import { afterMove } from './moved.ts';

export const postRewrite: GitHook = {
  name: 'post-rewrite',
  // An amended commit was not pulled.
  run: async (call) =>
    call.args[0] === 'amend' ? nothingToSay : afterMove(call, { hook: 'post-rewrite', what: 'rebase' }),
};
