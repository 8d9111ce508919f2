/** Tells how the chosen targets stand against the main project's commit, and lets the registry say what was seen. */
import { type Drill, type DrillRecord, drillWords } from '../domain/drill.ts';
import { LockstepError } from '../domain/errors.ts';
import type { Quarantine } from '../domain/quarantine.ts';
import type { TargetRecord } from '../domain/target.ts';
import { readDrill } from '../store/drills.ts';
import { readVerify } from '../store/runs.ts';
import { chooseTargets, type TargetChoice } from './choose-targets.ts';
import { look, type Seen } from './look.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { quarantines } from './quarantine.ts';
import { waitingFor } from './recover.ts';
import { changed } from './target-record.ts';
import { workUnderWay } from './under-way.ts';

export interface TargetStatusReport extends Omit<Seen, 'trouble'> {
  readonly target: string;
  readonly path: string;
  readonly type: string;
  /** ISO 8601 UTC. */
  readonly lastSync: string | null;
  readonly backups: number;
  readonly verified: 'passed' | 'failed' | null;
  /** What the last rollback drill found; null when there was none. */
  readonly drill: Pick<Drill, 'outcome' | 'time' | 'backup' | 'cause'> | null;
  /** When a rollback was last proven: ISO 8601 UTC. */
  readonly rollbackProven: string | null;
  /** The same for a person; null when no drill was run. */
  readonly rollback: string | null;
  /** Commits that do not come again unasked, and why. */
  readonly quarantine: readonly Quarantine[];
}

export interface StatusRequest {
  readonly targets: TargetChoice;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

interface Looked {
  /** As the registry had it before the look. */
  readonly record: TargetRecord;
  readonly report: TargetStatusReport;
  /** Whether the status is what a look at the target showed, and so is worth recording. */
  readonly standing: 'seen' | 'not-seen';
}

/** What keeps this commit, or any by hand, from coming; none where the receipt cannot be read: the look itself says that. */
const quarantinesSeen = (main: MainProject, record: TargetRecord, commit: string): readonly Quarantine[] => {
  try {
    // An earlier commit that failed keeps nobody from anything: this one comes by itself.
    return quarantines(main, record).filter((one) => one.why !== 'failed' || one.commit === commit);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return [];
  }
};

/** A record that cannot be read proves nothing. */
const drillSeen = (main: MainProject, record: TargetRecord): DrillRecord | undefined => {
  try {
    return readDrill(main.ports, main.state, record.name);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return undefined;
  }
};

const drilled = (
  main: MainProject,
  record: TargetRecord,
): Pick<TargetStatusReport, 'drill' | 'rollbackProven' | 'rollback'> => {
  const found = drillSeen(main, record);
  if (found === undefined) return { drill: null, rollbackProven: null, rollback: null };
  const { outcome, time, backup, cause } = found.last;
  return {
    drill: { outcome, time, backup, cause },
    rollbackProven: found.proven?.time ?? null,
    rollback: drillWords(found, main.ports.clock.now()),
  };
};

const reportOf = (
  main: MainProject,
  record: TargetRecord,
  { against, trouble: _trouble, ...seen }: Seen & { readonly against: string },
): TargetStatusReport => ({
  target: record.name,
  path: record.path,
  type: record.type,
  ...seen,
  lastSync: record.last_sync,
  backups: main.backups.list(record.name).length,
  verified: readVerify(main.ports, main.state, record.name)?.outcome ?? null,
  ...drilled(main, record),
  quarantine: quarantinesSeen(main, record, against),
});

/** Why a target is not looked at now: half of it may be another commit's. */
const inMotion = async (main: MainProject, record: TargetRecord): Promise<string | undefined> =>
  workUnderWay(main, record) ??
  ((await waitingFor(main, record)).length > 0 ? 'a run was cut off here: lockstep sync recover' : undefined);

const lookAt = async (
  main: MainProject,
  record: TargetRecord,
  { signal, env, commit }: Pick<StatusRequest, 'signal' | 'env'> & { readonly commit: string },
): Promise<Looked> => {
  const cause = await inMotion(main, record);
  if (cause !== undefined) {
    const known = { commit: record.sync_commit ?? null, version: record.sync_version };
    const seen: Seen = { ...known, status: 'syncing', cause, behind: [], priority: null, trouble: 'none' };
    return { record, report: reportOf(main, record, { ...seen, against: commit }), standing: 'not-seen' };
  }
  const seen = await look(main, { record, commit, signal, env });
  return {
    record,
    report: reportOf(main, record, { ...seen, against: commit }),
    standing: seen.trouble === 'main' ? 'not-seen' : 'seen',
  };
};

const lookAtAll = async (main: MainProject, request: StatusRequest): Promise<readonly Looked[]> => {
  const commit = await commitOf(main.repo, 'HEAD');
  const looked: Looked[] = [];
  for (const record of chooseTargets(main.registry.read().targets, request.targets)) {
    looked.push(await lookAt(main, record, { ...request, commit }));
  }
  return looked;
};

const isNews = ({ record, report, standing }: Looked): boolean =>
  standing === 'seen' && (report.status !== record.status || record.status_by_hand === true);

/** Records the statuses alone, and only where they are news and nobody changed the entry since it was read. */
const recordSeen = async (main: MainProject, looked: readonly Looked[]): Promise<void> => {
  const news = new Map(looked.filter(isNews).map((one) => [one.record.name, one]));
  if (news.size === 0) return;
  try {
    await main.registry.update((registry) => ({
      ...registry,
      targets: registry.targets.map((target) => {
        const seen = news.get(target.name);
        const current = seen !== undefined && JSON.stringify(seen.record) === JSON.stringify(target);
        // A run that began meanwhile tells of the target itself.
        return current && workUnderWay(main, target) === undefined
          ? changed(target, { status: seen.report.status })
          : target;
      }),
    }));
  } catch (error) {
    // What was seen is told all the same: a state that cannot be written must not keep anybody from looking.
    if (!(error instanceof LockstepError)) throw error;
  }
};

/** Every chosen target's state; one that cannot be looked at is `unknown` with its cause. Writes nothing. */
export const status = async (main: MainProject, request: StatusRequest): Promise<readonly TargetStatusReport[]> =>
  (await lookAtAll(main, request)).map(({ report }) => report);

/** The same for a person who looks: from then on the registry says what was seen, if that is news. */
export const lookAtTargets = async (
  main: MainProject,
  request: StatusRequest,
): Promise<readonly TargetStatusReport[]> => {
  const looked = await lookAtAll(main, request);
  await recordSeen(main, looked);
  return looked.map(({ report }) => report);
};
