/** `post-rewrite`: after a pull that rebased, which no `post-merge` follows, says which targets are behind it now. */
import { behindAfter, type GitHook } from './hook.ts';

export const postRewrite: GitHook = { name: 'post-rewrite', line: behindAfter('rebase') };
