/** Records which version of main a target has: in its receipt and its own git repository, through one transaction, and in the registry. */
import { forTarget, LockstepError } from '../domain/errors.ts';
import type { Roots } from '../domain/paths.ts';
import { isNoObject, type TagAction } from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetRecord } from '../domain/target.ts';
import { makeTag } from '../integrations/repository-tag/object.ts';
import { tagOf } from '../integrations/repository-tag/wish.ts';
import { planRepositoryTag, type TagGround } from '../integrations/repository-tag.ts';
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
  /** What becomes of a git tag of that name that names another commit. */
  readonly existing: 'stays' | 'moves';
  readonly signal: AbortSignal;
}

/** The tag in a target's own git repository. */
export interface GitTag {
  readonly name: string;
  /** `left`: it stays at another commit, or the repository cannot be tagged. */
  readonly outcome: 'made' | 'moved' | 'there' | 'left';
  /** The commit that it names; null when there is none. */
  readonly commit: string | null;
  /** Why it was left. */
  readonly cause: string | null;
}

export interface TagReport {
  readonly target: string;
  /** null when it could not be tagged. */
  readonly version: string | null;
  /** The version before; null when it had none. */
  readonly before: string | null;
  /** null where the target is no git repository of its own, or the configuration wants no tag. */
  readonly git: GitTag | null;
  readonly error: LockstepError | null;
}

const described = async (main: MainProject, commit: string): Promise<string> => {
  const version = await versionOf(main.repo, commit);
  if (version !== null) return version;
  throw new LockstepError('unknown-revision', `no tag of the main project reaches ${commit.slice(0, 10)}`, {
    hint: 'give the version with --version, or tag the commit: git tag v1.0.0',
  });
};

interface PlannedTag {
  readonly action: TagAction | null;
  readonly git: GitTag | null;
}

/** Throws `conflict-refused` when the name is taken by another commit and nobody said that it moves. */
const planGitTag = async (
  ground: TagGround,
  {
    main,
    record,
    receipt,
    version,
    existing,
  }: TagRequest & { main: MainProject; record: TargetRecord; receipt: Receipt; version: string },
): Promise<PlannedTag> => {
  const wish = tagOf(main.project, { target: record.name, version, commit: receipt.commit });
  if (wish === null) return { action: null, git: null };
  const outlook = await planRepositoryTag(ground, { ...wish, moves: [], existing });
  const { name } = wish;
  switch (outlook.kind) {
    case 'no repository':
      return { action: null, git: null };
    case 'cannot':
      return { action: null, git: { name, outcome: 'left', commit: null, cause: outlook.why } };
    case 'there':
      return { action: null, git: { name, outcome: 'there', commit: outlook.commit, cause: null } };
    case 'tag': {
      const { action } = outlook;
      const outcome = isNoObject(action.before) ? 'made' : 'moved';
      return { action, git: { name, outcome, commit: action.commit, cause: null } };
    }
    case 'elsewhere': {
      const cause = `it stands at ${outlook.at.slice(0, 10)}, not at ${outlook.commit.slice(0, 10)}`;
      const hint = `to move it: lockstep target tag ${record.name} --version ${version} --force`;
      // The version is recorded already: asking for it once more is no wish to move anything.
      if (receipt.version === version)
        return { action: null, git: { name, outcome: 'left', commit: outlook.at, cause: `${cause}; ${hint}` } };
      throw new LockstepError('conflict-refused', `there is a git tag ${name} already: ${cause}`, { hint });
    }
  }
};

interface TagJob {
  readonly record: TargetRecord;
  readonly roots: Roots;
  readonly receipt: Receipt;
  readonly version: string;
}

/** Both or neither: a receipt that cannot be committed leaves no git tag. */
const write = async (
  main: MainProject,
  ground: TagGround,
  job: TagJob & { action: TagAction | null },
): Promise<void> => {
  const { record, roots, receipt, version, action } = job;
  const run = newRunId(main.ports.clock);
  const transaction = await transactionIn(main, { target: record.name, roots, run });
  try {
    if (action !== null) {
      const { actions, contents } = await makeTag(ground, action);
      await transaction.stage(actions, async (digest) => {
        const content = contents.get(digest);
        if (content?.from !== 'file') throw new Error(`no content was planned for ${digest}`);
        return main.ports.files.read(content.path);
      });
      await transaction.swap(actions);
    }
    ground.signal.throwIfAborted();
    await transaction.commit({ ...receipt, version, run, time: main.ports.clock.now().toISOString() });
  } catch (error) {
    await transaction.undo();
    throw error;
  }
};

const tagOne = async (main: MainProject, record: TargetRecord, request: TagRequest): Promise<TagReport> => {
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
    const version = request.version ?? (await described(main, receipt.commit ?? 'HEAD'));
    const { roots } = layout;
    const ground: TagGround = { ports: main.ports, roots, signal: request.signal };
    const { action, git } = await planGitTag(ground, { ...request, main, record, receipt, version });
    if (receipt.version !== version || action !== null)
      await write(main, ground, { record, roots, receipt, version, action });
    // Only the version: a status set by hand is not looked at here.
    await main.registry.update((registry) => ({
      ...registry,
      targets: registry.targets.map((target) =>
        target.name === record.name ? { ...target, sync_version: version } : target,
      ),
    }));
    return { target: record.name, version, before: receipt.version, git, error: null };
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
      request.signal.throwIfAborted();
      reports.push(await tagOne(main, record, { ...request, version }));
    } catch (error) {
      const named = forTarget(error, record.name);
      if (!(named instanceof LockstepError)) throw named;
      reports.push({ target: record.name, version: null, before: record.sync_version, git: null, error: named });
    }
  }
  return reports;
};
