/** `post-merge`: after a merge or a pull, says which targets are behind it now. */
import { tellBehind } from './behind.ts';
import type { GitHook } from './hook.ts';

export const postMerge: GitHook = { name: 'post-merge', run: tellBehind({ hook: 'post-merge', what: 'merge' }) };
