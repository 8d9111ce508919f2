/** Runs verification suites on targets as they stand, and keeps what was seen. */
import { checksOf, executedBy, runSuites, type VerifyReport } from '../checks/run-suites.ts';
import { forTarget, LockstepError } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import type { TargetRecord } from '../domain/target.ts';
import { pipelineFor } from '../domain/team-types.ts';
import { saveVerify } from '../store/runs.ts';
import { chooseTargets, type TargetChoice } from './choose-targets.ts';
import { pipelineNamed } from './main-pipelines.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { prepareLook } from './prepare.ts';
import { syncedCommit } from './synced-state.ts';
import { requireTrust, type TrustQuestion } from './trust/trust.ts';

export interface VerifyRequest {
  readonly targets: TargetChoice;
  /** Suite names; null for those of the target's pipeline. */
  readonly suites: readonly string[] | null;
  /** Asks whoever sits there whether new code is trusted; nobody does when left out. */
  readonly ask?: TrustQuestion;
  readonly emit: (event: EventBody) => void;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface TargetVerifyReport {
  readonly target: string;
  readonly passed: boolean;
  readonly suites: VerifyReport['suites'];
  readonly error: LockstepError | null;
}

const pipelineSuites = (
  steps: readonly { readonly uses: string; readonly with: Readonly<Record<string, unknown>> }[],
): readonly string[] => {
  const named = steps
    .filter((step) => step.uses === 'verify')
    .flatMap((step) => (step.with.suites as readonly string[] | undefined) ?? []);
  return named.length === 0 ? ['core', 'integration', 'docs'] : [...new Set(named)];
};

/** The suites that a target's pipeline verifies with. */
export const suitesOfTarget = (main: MainProject, record: TargetRecord): readonly string[] =>
  pipelineSuites(pipelineNamed(main, pipelineFor(main.project, record)).steps);

/** The commit that a target has, so that one which is merely behind is not called broken; HEAD's where that cannot be told. */
const judgedCommit = async (main: MainProject, record: TargetRecord, head: string): Promise<string> => {
  const synced = syncedCommit(main, record);
  return synced !== null && (await main.repo.commit(synced)) !== undefined ? synced : head;
};

const verifyOne = async (
  main: MainProject,
  request: VerifyRequest,
  { record, head }: { readonly record: TargetRecord; readonly head: string },
): Promise<TargetVerifyReport> => {
  const { signal, env, emit } = request;
  const commit = await judgedCommit(main, record, head);
  const { context, pipeline } = await prepareLook(main, { record, commit, purpose: 'verify', signal, env });
  const { passed, suites } = await runSuites(context, request.suites ?? pipelineSuites(pipeline.steps), emit);
  saveVerify(main.ports, main.state, {
    target: record.name,
    result: { outcome: passed ? 'passed' : 'failed', time: main.ports.clock.now().toISOString(), commit, suites },
  });
  return { target: record.name, passed, suites, error: null };
};

/** Throws `untrusted` when a check would start code that is not trusted here. */
const requireTrustedSuites = async (
  main: MainProject,
  { suites, env, ask }: VerifyRequest,
  records: readonly TargetRecord[],
): Promise<void> => {
  const names = suites ?? records.flatMap((record) => suitesOfTarget(main, record));
  const checks = checksOf(main.project, names).flatMap((suite) => suite.checks);
  if (!checks.some((check) => executedBy(main.project, check).length > 0)) return;
  await requireTrust(main, { env, tree: null, ask: ask ?? null, keep: true });
};

/**
 * One report a target. A target whose check could not run did not pass.
 * A target is judged against the commit that its receipt names; a component that is at another one, by what the
 * receipt says of it. Throws `unknown-name` for a suite that there is not, `untrusted`, and bugs.
 */
export const verify = async (main: MainProject, request: VerifyRequest): Promise<readonly TargetVerifyReport[]> => {
  const head = await commitOf(main.repo, 'HEAD');
  const records = chooseTargets(main.registry.read().targets, request.targets);
  await requireTrustedSuites(main, request, records);
  const reports: TargetVerifyReport[] = [];
  for (const record of records) {
    try {
      reports.push(await verifyOne(main, request, { record, head }));
    } catch (error) {
      const named = forTarget(error, record.name);
      if (!(named instanceof LockstepError) || named.code === 'unknown-name') throw named;
      reports.push({ target: record.name, passed: false, suites: [], error: named });
    }
  }
  return reports;
};
