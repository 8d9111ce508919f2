/** Runs verification suites on targets as they stand, and keeps what was seen. */

import { runSuites, type VerifyReport } from '../checks/run-suites.ts';
import { forTarget, LockstepError } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import { openMainTree } from '../store/main-tree.ts';
import { saveVerify } from '../store/runs.ts';
import { openWheels } from '../store/wheels.ts';
import { chooseTargets, type TargetChoice } from './choose-targets.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { prepareTarget } from './prepare.ts';

export interface VerifyRequest {
  readonly targets: TargetChoice;
  /** Suite names; null for those of the target's pipeline. */
  readonly suites: readonly string[] | null;
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

/**
 * One report a target. A target whose check could not run did not pass.
 * A target is judged against the commit that its receipt names, so that one which is merely behind is not called broken.
 */
export const verify = async (main: MainProject, request: VerifyRequest): Promise<readonly TargetVerifyReport[]> => {
  const head = await commitOf(main.repo, 'HEAD');
  const reports: TargetVerifyReport[] = [];
  for (const record of chooseTargets(main.registry.read().targets, request.targets)) {
    try {
      const shared = {
        main,
        record,
        wheels: openWheels({ ports: main.ports, places: main.state, persist: 'scratch' }),
        signal: request.signal,
        env: request.env,
      } as const;
      const facts = { id: 'verify', full: false, reason: null, version: null, only: null, complete: false };
      let prepared = await prepareTarget({
        ...shared,
        tree: openMainTree(main.repo, head),
        run: { ...facts, commit: head },
      });
      const synced = prepared.context.receipt?.commit;
      if (
        synced !== undefined &&
        synced !== null &&
        synced !== head &&
        (await main.repo.commit(synced)) !== undefined
      ) {
        prepared = await prepareTarget({
          ...shared,
          tree: openMainTree(main.repo, synced),
          run: { ...facts, commit: synced },
        });
      }
      const suites = request.suites ?? pipelineSuites(prepared.pipeline.steps);
      const report = await runSuites(prepared.context, suites, request.emit);
      saveVerify(main.ports, main.state, {
        target: record.name,
        result: {
          outcome: report.passed ? 'passed' : 'failed',
          time: main.ports.clock.now().toISOString(),
          commit: prepared.context.run.commit,
          suites: report.suites,
        },
      });
      reports.push({ target: record.name, passed: report.passed, suites: report.suites, error: null });
    } catch (error) {
      const named = forTarget(error, record.name);
      if (!(named instanceof LockstepError) || named.code === 'unknown-name') throw named;
      reports.push({ target: record.name, passed: false, suites: [], error: named });
    }
  }
  return reports;
};
