/** The file that says how a hook starts Lockstep here: graphical clients have no PATH, and a tracked script no path of a machine. */
import { LockstepError } from '../../domain/errors.ts';
import type { Launcher } from '../../domain/hooks/place.ts';
import { launcherHeader } from '../../domain/hooks/script.ts';
import type { Files } from '../../ports.ts';

export interface LauncherRecord extends Launcher {
  /** Folders that installing made, to be taken away again. */
  readonly made: readonly string[];
}

/** Throws `usage` for paths that a line cannot hold. */
export const writeLauncher = ({ node, main, made }: LauncherRecord): string => {
  const lines = [launcherHeader, node, main, ...made.map((folder) => `made ${folder}`)];
  if (lines.some((line) => /[\r\n]/.test(line))) {
    throw new LockstepError(
      'usage',
      'Lockstep lies in a folder with a line break in its name, which no hook can start',
    );
  }
  return `${lines.join('\n')}\n`;
};

/** undefined when nothing, or nothing of this version, was recorded. */
export const readLauncher = (files: Files, path: string): LauncherRecord | undefined => {
  if (files.stat(path)?.kind !== 'file') return undefined;
  const [header, node, main, ...more] = files.readText(path).split('\n');
  if (header !== launcherHeader || node === undefined || main === undefined || main === '') return undefined;
  const made = more.filter((line) => line.startsWith('made ')).map((line) => line.slice('made '.length));
  return { node, main, made };
};
