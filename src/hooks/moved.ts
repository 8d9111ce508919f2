/** What the hooks that run after main moved have in common: the settings of `post-merge`, and the answer. */
import { type HookAnswer, type HookCall, nothingToSay } from './hook.ts';

/** Waits as long as the settings allow; what goes on then does so in the background. */
export const afterMove = async (
  call: HookCall,
  { hook, what }: { readonly hook: string; readonly what: string },
): Promise<HookAnswer> => {
  const { main, time, env, writing, launcher } = call;
  const settings = main.project.hooks.postMerge;
  time.allow(settings.budget);
  if (settings.act === 'off') return nothingToSay;
  const { follow } = await import('../app/after/follow.ts');
  const { signal, left } = time;
  const { outcome, behind, line } = await follow(main, { hook, what, settings, launcher, writing, left, signal, env });
  return { code: 0, lines: line === null ? [] : [`lockstep ${hook}: ${line}`], facts: { outcome, behind, line } };
};
