/** What the registry knows of a git hook: its name and what it says. */
import type { TargetStatusReport } from '../app/status.ts';

export interface GitHook {
  /** As git names it. */
  readonly name: string;
  /** The one line for the person, or undefined when there is nothing to say. Pure. */
  readonly line: (reports: readonly TargetStatusReport[]) => string | undefined;
}

/** `--target a --target b` for the targets that a sync would bring in step. */
export const targetsToSync = (reports: readonly TargetStatusReport[]): readonly string[] =>
  reports.filter((report) => report.behind.length > 0).map((report) => report.target);

/** The command that brings these targets in step. */
export const syncCommand = (names: readonly string[]): string =>
  `lockstep sync run ${names.map((name) => `--target ${quoted(name)}`).join(' ')}`;

const quoted = (name: string): string => (/^[\w.@%+=:,/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

/** Names, the first five of them. */
export const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

/** What a hook that runs after main moved says: which targets are behind now. */
export const behindAfter =
  (what: string): GitHook['line'] =>
  (reports) => {
    const names = targetsToSync(reports);
    if (names.length === 0) return undefined;
    return `${listed(names)} ${names.length === 1 ? 'is' : 'are'} behind after this ${what}: ${syncCommand(names)}`;
  };
