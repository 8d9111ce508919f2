/** `post-merge`: after a merge or a pull, says which targets are behind it now. */
import { behindAfter, type GitHook } from './hook.ts';

export const postMerge: GitHook = { name: 'post-merge', line: behindAfter('merge') };
