/** What a hook that runs after main moved says: which targets are behind now. */
import { status, type TargetStatusReport } from '../app/status.ts';
import { actsOn } from '../domain/hook-settings.ts';
import { type GitHook, type HookAnswer, nothingToSay } from './hook.ts';

const quoted = (name: string): string => (/^[\w.@%+=:,/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

/** The command that brings these targets in step. */
export const syncCommand = (names: readonly string[]): string =>
  `lockstep sync run ${names.map((name) => `--target ${quoted(name)}`).join(' ')}`;

/** Names, the first five of them. */
export const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

/** One line, or none when nothing is behind. Pure. */
export const behindLine = (
  { hook, what }: { readonly hook: string; readonly what: string },
  reports: readonly Pick<TargetStatusReport, 'target' | 'behind'>[],
): string | undefined => {
  const names = reports.filter(({ behind }) => behind.length > 0).map(({ target }) => target);
  if (names.length === 0) return undefined;
  return `lockstep ${hook}: ${listed(names)} ${names.length === 1 ? 'is' : 'are'} behind after this ${what}: ${syncCommand(names)}`;
};

export const tellBehind =
  (words: { readonly hook: string; readonly what: string }): GitHook['run'] =>
  async ({ main, time, env }): Promise<HookAnswer> => {
    const settings = main.project.hooks.postMerge;
    time.allow(settings.budget);
    if (!actsOn(settings, null) || main.registry.read().targets.length === 0) return nothingToSay;
    const reports = await status(main, { targets: 'all', signal: time.signal, env });
    const line = behindLine(words, reports);
    const behind = reports.filter((report) => report.behind.length > 0).map(({ target }) => target);
    return { code: 0, lines: line === undefined ? [] : [line], facts: { outcome: 'told', behind } };
  };
