/** `post-merge`: after a merge or a pull, says which targets are behind it now. */
import { type GitHook, listed, syncCommand, targetsToSync } from './hook.ts';

export const postMerge: GitHook = {
  name: 'post-merge',
  line: (reports) => {
    const names = targetsToSync(reports);
    if (names.length === 0) return undefined;
    return `${listed(names)} ${names.length === 1 ? 'is' : 'are'} behind after this merge: ${syncCommand(names)}`;
  },
};
