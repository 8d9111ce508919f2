/** Proves a target after a restore by its own suites; what cannot be proven is said, and nothing is undone for it. */
import { checksOf, needsPackage } from '../../checks/run-suites.ts';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import type { EventBody } from '../../domain/events.ts';
import type { Receipt } from '../../domain/receipt.ts';
import { targetNamed } from '../choose-targets.ts';
import type { MainProject } from '../main-project.ts';
import type { TrustQuestion } from '../trust/trust.ts';
import { suitesOfTarget, type TargetVerifyReport, verify } from '../verify.ts';

export interface Proof {
  /** `nothing`: what was brought back is from before the first sync, so there is nothing of main in it to verify. */
  readonly outcome: 'passed' | 'failed' | 'could-not-run' | 'nothing';
  /** One line. */
  readonly cause: string;
  /** Every check that did not pass, one line each. */
  readonly details: readonly string[];
}

export interface ProofRequest {
  readonly target: string;
  /** As the restore left it. */
  readonly receipt: Receipt;
  readonly ask?: TrustQuestion;
  readonly emit: (event: EventBody) => void;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

const counted = (count: number): string => `${count} ${count === 1 ? 'check' : 'checks'}`;

const proofOf = ({ passed, suites, error }: TargetVerifyReport): Proof => {
  if (error !== null) return { outcome: 'could-not-run', cause: messageOf(error), details: error.details };
  const checks = suites.flatMap(({ name, checks: all }) => all.map((check) => ({ suite: name, ...check })));
  if (checks.length === 0) return { outcome: 'nothing', cause: 'no check is about what it holds', details: [] };
  if (passed) {
    const names = suites.map(({ name }) => name).join(', ');
    return { outcome: 'passed', cause: `${counted(checks.length)} of ${names} passed`, details: [] };
  }
  const failed = checks.filter(({ outcome }) => outcome === 'failed');
  const bad = checks.filter(({ outcome }) => outcome !== 'passed');
  const details = bad.flatMap(({ suite, name, cause, details: more }) => [
    `${suite}: ${name}: ${cause}`,
    ...more.slice(0, 5),
  ]);
  return failed.length > 0
    ? { outcome: 'failed', cause: `${failed.length} of ${counted(checks.length)} failed`, details }
    : { outcome: 'could-not-run', cause: `${bad.length} of ${counted(checks.length)} could not run`, details };
};

interface Chosen {
  readonly suites: readonly string[];
  /** Words on those that were left out; empty when none was. */
  readonly besides: string;
}

/** A package that was never synced to a target is not what a restore of its documents could have broken. */
const chooseSuites = (main: MainProject, target: string, receipt: Receipt): Chosen => {
  const all = suitesOfTarget(main, targetNamed(main.registry.read().targets, target));
  if (receipt.components.package !== undefined) return { suites: all, besides: '' };
  const { project } = main;
  const left = checksOf(project, all).flatMap(({ name, checks }) => (needsPackage(project, checks) ? [name] : []));
  return {
    suites: all.filter((name) => !left.includes(name)),
    besides: left.length === 0 ? '' : `; ${left.join(', ')} left out: no package was synced here`,
  };
};

/** Keeps what was seen as the target's last verification. Throws only bugs: the restore stands whatever this finds. */
export const prove = async (main: MainProject, request: ProofRequest): Promise<Proof> => {
  const { target, receipt, ask, emit, signal, env } = request;
  if (Object.keys(receipt.components).length === 0) {
    return { outcome: 'nothing', cause: 'nothing of main is in it now, so there is nothing to verify', details: [] };
  }
  try {
    const asked = ask === undefined ? {} : { ask };
    const { suites, besides } = chooseSuites(main, target, receipt);
    const [report] = await verify(main, { targets: { names: [target] }, suites, ...asked, emit, signal, env });
    if (report === undefined) throw new Error(`nothing was said of ${target}`);
    const proof = proofOf(report);
    return { ...proof, cause: proof.cause + besides };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    const details = error.hint === undefined ? [] : [error.hint];
    return { outcome: 'could-not-run', cause: messageOf(error), details };
  }
};

/** Whether a restored target is not known to be well: it is said, and the command does not end with 0. */
export const unproven = ({ outcome }: Pick<Proof, 'outcome'>): boolean =>
  outcome === 'failed' || outcome === 'could-not-run';
