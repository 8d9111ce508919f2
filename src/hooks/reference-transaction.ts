/** `reference-transaction`: when the remote has what a push brought, starts what follows a push, and keeps git waiting for none of it. */
import { type GitHook, nothingToSay } from './hook.ts';

const moved = (input: string): readonly { readonly ref: string; readonly id: string }[] =>
  input.split('\n').flatMap((line) => {
    const [, id, ref] = /^\S+ ([0-9a-f]+) (refs\/remotes\/\S+)$/.exec(line) ?? [];
    return id === undefined || ref === undefined ? [] : [{ ref, id }];
  });

export const referenceTransaction: GitHook = {
  name: 'reference-transaction',
  run: async ({ main, args: [state], input, time, env, writing, launcher }) => {
    const settings = main.project.hooks.postPush;
    time.allow(settings.budget);
    if (state !== 'committed') return nothingToSay;
    const { followPush } = await import('../app/after/accepted-push.ts');
    const { outcome, behind, line } = await followPush(main, {
      hook: 'post-push',
      what: 'push',
      settings,
      launcher,
      writing,
      left: () => 0,
      signal: time.signal,
      env,
      moved: moved(await input()),
    });
    return { code: 0, lines: line === null ? [] : [`lockstep post-push: ${line}`], facts: { outcome, behind, line } };
  },
};
