/** Compares a backup with another one, or with its target as it stands now. Reads only. */
import type { BackupEntry, BackupManifest } from '../../domain/backup.ts';
import { type BackupChange, diffEntries } from '../../domain/backup-diff.ts';
import { LockstepError } from '../../domain/errors.ts';
import { toAbsolute } from '../../domain/paths.ts';
import { wholeTargetEntries } from '../../steps/backup-entries.ts';
import { targetNamed } from '../choose-targets.ts';
import { lookAtFiles } from '../files-context.ts';
import { commitOf, type MainProject } from '../main-project.ts';

export interface Comparison {
  /** Components that are in both, and compared. */
  readonly components: readonly string[];
  /** Components that only one of the two holds: nothing can be said of them. */
  readonly onlyIn: readonly { readonly component: string; readonly side: 'before' | 'after' }[];
  readonly changes: readonly BackupChange[];
}

type Side = Pick<BackupManifest, 'components' | 'entries'>;

const compare = (before: Side, after: Side): Comparison => {
  const components = before.components.filter((name) => after.components.includes(name));
  const within = ({ entries }: Side): readonly BackupEntry[] =>
    entries.filter(({ component }) => components.includes(component));
  const missing = (side: 'before' | 'after', { components: names }: Side) =>
    names.filter((name) => !components.includes(name)).map((component) => ({ component, side }));
  return {
    components,
    onlyIn: [...missing('before', before), ...missing('after', after)],
    changes: diffEntries(within(before), within(after)),
  };
};

/** From the one to the other. */
export const compareBackups = (before: BackupManifest, after: BackupManifest): Comparison => compare(before, after);

export interface LiveRequest {
  readonly manifest: BackupManifest;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** From a backup to the target as it stands now. Throws `unknown-target`, and what looking at a target throws. */
export const compareWithTarget = async (
  main: MainProject,
  { manifest, signal, env }: LiveRequest,
): Promise<Comparison> => {
  const record = targetNamed(main.registry.read().targets, manifest.target);
  const commit = await commitOf(main.repo, 'HEAD');
  const context = await lookAtFiles(main, { record, commit, purpose: 'backup diff', signal, env });
  const { entries } = await wholeTargetEntries(context);
  const places = new Map(entries.map(({ path, component }) => [path, component]));
  for (const { path, component } of manifest.entries) places.set(path, places.get(path) ?? component);
  const { files } = main.ports;
  const now = [...places].map(([path, component]): BackupEntry => {
    const absolute = toAbsolute(context.layout.roots, path);
    const state = files.state(absolute);
    if (state.kind === 'other') {
      throw new LockstepError('target-invalid', `${absolute} is neither a file, a link nor a folder`, {
        target: record.name,
        hint: 'remove it, then run the same command again',
      });
    }
    return { path, component, state, mtimeNs: String(files.stat(absolute)?.mtimeNs ?? 0n) };
  });
  return compare(manifest, { components: manifest.components, entries: now });
};
