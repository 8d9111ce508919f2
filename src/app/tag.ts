/** Records which version of main a target has: in its receipt, through a transaction, and in the registry. */
import { forTarget, LockstepError } from '../domain/errors.ts';
import type { TargetRecord } from '../domain/target.ts';
import { acquireLock, layoutLockPaths } from '../store/lock.ts';
import { openReceipts } from '../store/receipts.ts';
import { newRunId } from '../store/runs.ts';
import { chooseTargets, type TargetChoice } from './choose-targets.ts';
import { layoutOf } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { transactionIn } from './open-transaction.ts';
import { waitingRuns } from './recover.ts';
import { versionOf } from './revisions.ts';

export interface TagRequest {
  readonly targets: TargetChoice;
  /** null for what `git describe --tags` says of the commit that the target has. */
  readonly version: string | null;
}

export interface TagReport {
  readonly target: string;
  /** null when it could not be tagged. */
  readonly version: string | null;
  /** The version before; null when it had none. */
  readonly before: string | null;
  readonly error: LockstepError | null;
}

const described = async (main: MainProject, commit: string): Promise<string> => {
  const version = await versionOf(main.repo, commit);
  if (version !== null) return version;
  throw new LockstepError('unknown-revision', `no tag of the main project reaches ${commit.slice(0, 10)}`, {
    hint: 'give the version with --version, or tag the commit: git tag v1.0.0',
  });
};

const tagOne = async (main: MainProject, record: TargetRecord, asked: string | null): Promise<TagReport> => {
  const layout = await layoutOf(main, record);
  const lock = await acquireLock(main.ports, layoutLockPaths(layout), { what: `tag ${record.name}` });
  try {
    if (waitingRuns(main, record, layout.roots).length > 0) {
      throw new LockstepError('target-changed', 'an earlier run was cut off here', { hint: 'lockstep sync recover' });
    }
    const receipt = openReceipts(main.ports).read(layout.roots, main.project.id);
    if (receipt === undefined) {
      throw new LockstepError('step-failed', 'nothing was synced to it yet, so there is nothing to tag', {
        hint: `lockstep sync run --target ${record.name}`,
      });
    }
    const version = asked ?? (await described(main, receipt.commit ?? 'HEAD'));
    if (receipt.version !== version) {
      const run = newRunId(main.ports.clock);
      const transaction = await transactionIn(main, { target: record.name, roots: layout.roots, run });
      await transaction.commit({ ...receipt, version, run, time: main.ports.clock.now().toISOString() });
    }
    // Only the version: a status set by hand is not looked at here.
    await main.registry.update((registry) => ({
      ...registry,
      targets: registry.targets.map((target) =>
        target.name === record.name ? { ...target, sync_version: version } : target,
      ),
    }));
    return { target: record.name, version, before: receipt.version, error: null };
  } finally {
    lock.release();
  }
};

/** One report a target; one that cannot be tagged hides no other. Throws `unknown-target`, `usage` for an empty version. */
export const tagTargets = async (main: MainProject, request: TagRequest): Promise<readonly TagReport[]> => {
  const version = request.version?.trim() ?? null;
  if (version === '') {
    throw new LockstepError('usage', 'the version is empty', {
      hint: 'leave --version out for what git describe --tags says',
    });
  }
  const reports: TagReport[] = [];
  for (const record of chooseTargets(main.registry.read().targets, request.targets)) {
    try {
      reports.push(await tagOne(main, record, version));
    } catch (error) {
      const named = forTarget(error, record.name);
      if (!(named instanceof LockstepError)) throw named;
      reports.push({ target: record.name, version: null, before: record.sync_version, error: named });
    }
  }
  return reports;
};
