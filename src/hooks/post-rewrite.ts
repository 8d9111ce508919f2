/** `post-rewrite`: after a pull that rebased, which no `post-merge` follows, says which targets are behind it now. */
import { tellBehind } from './behind.ts';
import type { GitHook } from './hook.ts';

export const postRewrite: GitHook = { name: 'post-rewrite', run: tellBehind({ hook: 'post-rewrite', what: 'rebase' }) };
