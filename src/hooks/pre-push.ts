/** `pre-push`: before a push, says which targets lack what is pushed; it blocks nothing. */
import { type GitHook, listed, syncCommand, targetsToSync } from './hook.ts';

export const prePush: GitHook = {
  name: 'pre-push',
  line: (reports) => {
    const names = targetsToSync(reports);
    if (names.length === 0) return undefined;
    const need = names.length === 1 ? 'needs' : 'need';
    return `${listed(names)} ${need} a sync of what is pushed: ${syncCommand(names)}`;
  },
};
