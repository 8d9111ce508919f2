/** Tries a rollback without touching the target: the newest backup in empty folders, its package in a fresh environment; and keeps what was found. */
import type { BackupManifest } from '../domain/backup.ts';
import { diffEntries } from '../domain/backup-diff.ts';
import { type Drill, type DrillPart, type DrillRecord, drillOf, nextRecord } from '../domain/drill.ts';
import { forTarget, LockstepError, messageOf } from '../domain/errors.ts';
import type { Roots } from '../domain/paths.ts';
import type { TargetRecord } from '../domain/target.ts';
import type { FilesContext } from '../integrations/target-context.ts';
import { readDrill, saveDrill } from '../store/drills.ts';
import { newRunId } from '../store/runs.ts';
import { targetNamed } from './choose-targets.ts';
import { emptyRoots, restoreInScratch, standingAt } from './drill/in-scratch.ts';
import { rebuildPackage } from './drill/rebuild.ts';
import { lookAtFiles } from './files-context.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { nameLost } from './restore/name-lost.ts';
import { requireTrust, type TrustQuestion } from './trust/trust.ts';
import { workUnderWay } from './under-way.ts';

export interface DrillRequest {
  readonly target: string;
  /** Asks whoever sits there whether the package's code is trusted; nobody does when left out. */
  readonly ask?: TrustQuestion;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface DrillReport extends DrillRecord {
  readonly target: string;
}

type Said = Pick<DrillPart, 'outcome' | 'cause' | 'details'>;

const said = (outcome: Said['outcome'], cause: string, details: readonly string[] = []): Said => ({
  outcome,
  cause,
  details,
});

/** Damage is a finding; all other expected trouble kept the part from running. */
const trouble = (error: unknown): Said => {
  if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
  const found = error.code === 'backup-damaged' ? 'failed' : 'could-not-run';
  return said(found, messageOf(error), [...error.details, ...(error.hint === undefined ? [] : [error.hint])]);
};

const attempt = async (name: DrillPart['name'], work: () => Promise<Said>): Promise<DrillPart> => {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    return { name, ...trouble(error) };
  }
};

const counted = (count: number, what: string): string => `${count} ${count === 1 ? what : `${what}s`}`;

const compareLive = (main: MainProject, manifest: BackupManifest, roots: Roots): Said => {
  const changes = diffEntries(manifest.entries, standingAt(main.ports.files, roots, manifest.entries)).filter(
    ({ change }) => change !== 'touched',
  );
  const all = counted(manifest.entries.length, 'path');
  return changes.length === 0
    ? said('passed', `the target stands as the backup has it: ${all}`)
    : said(
        'passed',
        `${changes.length} of ${all} stand otherwise in the target now: a rollback would bring them back`,
        changes.map(({ path, change }) => `${path}: ${change} since`),
      );
};

/** The newest backup that there is, or why it cannot be tried. */
const newestBackup = (main: MainProject, target: string): BackupManifest | DrillPart => {
  const [newest] = main.backups.list(target);
  const stamp = (id: string): string => /-(\d{8}T\d{6}Z)-[^-]*$/.exec(id)?.[1] ?? '';
  const damaged = main.backups
    .damaged(target)
    .filter(({ id }) => newest === undefined || stamp(id) === '' || stamp(id) > stamp(newest.id));
  const [first] = damaged;
  const part = { name: 'restore', details: damaged.map(({ id, cause }) => `${id}: ${cause}`) } as const;
  if (first !== undefined) return { ...part, outcome: 'failed', cause: `its newest backup ${first.id} cannot be read` };
  return (
    newest ?? { ...part, outcome: 'could-not-run', cause: `it has no backup yet: lockstep target backup ${target}` }
  );
};

const namingLost = async <T>(main: MainProject, manifest: BackupManifest, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw nameLost(main, manifest, error);
  }
};

const tryBackup = async (
  main: MainProject,
  {
    record,
    manifest,
    request,
  }: {
    readonly record: TargetRecord;
    readonly manifest: BackupManifest;
    readonly request: DrillRequest;
  },
): Promise<readonly DrillPart[]> => {
  const { ports } = main;
  const { ask, signal, env } = request;
  const run = newRunId(ports.clock);
  const scratch = ports.files.scratch('drill');
  let context: FilesContext | LockstepError;
  try {
    const commit = await commitOf(main.repo, 'HEAD');
    context = await lookAtFiles(main, { record, commit, purpose: 'drill', signal, env });
  } catch (error) {
    // A target that is gone is what backups are for: they can be tried all the same.
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    context = error;
  }
  const roots = emptyRoots(main, scratch, manifest);
  const restored = await attempt('restore', async () => {
    const wrong = await namingLost(main, manifest, () =>
      restoreInScratch(main, { manifest, scratch, roots, run, others: 'none' }),
    );
    return wrong.length === 0
      ? said('passed', `${counted(manifest.entries.length, 'path')} of ${manifest.id} came back as they were`)
      : said('failed', `${counted(wrong.length, 'path')} of ${manifest.id} did not come back as they were`, wrong);
  });
  const live = await attempt('live', async () => {
    if (context instanceof LockstepError) throw context;
    return compareLive(main, manifest, context.layout.roots);
  });
  const rebuilt = await attempt('package', async () => {
    if (context instanceof LockstepError) throw context;
    if (restored.outcome !== 'passed')
      return said('could-not-run', 'the package was not rebuilt: its files did not come back');
    await requireTrust(main, { env, tree: null, ask: ask ?? null, keep: true });
    return rebuildPackage(main, { context, manifest, scratch, restored: roots, run });
  });
  return [restored, live, rebuilt];
};

/**
 * Nothing in the target is written. What was found is kept, and told by `sync status` from then on.
 * Throws `unknown-target`, `interrupted` and bugs: all else is what the drill found.
 */
export const drill = async (main: MainProject, request: DrillRequest): Promise<DrillReport> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  const target = record.name;
  try {
    const busy = workUnderWay(main, record);
    const found = newestBackup(main, target);
    let parts: readonly DrillPart[];
    if (busy !== undefined) parts = [{ name: 'restore', ...said('could-not-run', busy) }];
    else if ('outcome' in found) parts = [found];
    else
      parts = await main.backups.using(`drill of ${target}`, () =>
        tryBackup(main, { record, manifest: found, request }),
      );
    const last: Drill = drillOf('id' in found ? found.id : null, main.ports.clock.now().toISOString(), parts);
    const next = nextRecord(readDrill(main.ports, main.state, target), last);
    saveDrill(main.ports, main.state, { target, record: next });
    return { target, ...next };
  } catch (error) {
    throw forTarget(error, target);
  }
};
