/** Looks at everything that Lockstep depends on, check by check, and mends what may safely be mended; one trouble hides no other. */
import { LockstepError } from '../../domain/errors.ts';
import { broken, type DoctorCheck, type DoctorGround, type Finding, unknown } from './doctor-check.ts';

export interface DoctorFinding extends Finding {
  /** The name of the check that saw it. */
  readonly check: string;
}

export interface DoctorReport {
  /** As everything stands at the end: after mending, if something was mended. */
  readonly findings: readonly DoctorFinding[];
  /** What was done, one line for each thing; empty unless it was asked for. */
  readonly done: readonly { readonly check: string; readonly line: string }[];
}

export interface DoctorRequest {
  readonly ground: DoctorGround;
  readonly checks: readonly DoctorCheck[];
  readonly mode: 'look' | 'mend';
  readonly signal: AbortSignal;
}

/** Whether the main project itself cannot be read: its own check says why, and every other one only that. */
const ofTheProject = async ({ main, site }: DoctorGround, error: LockstepError): Promise<boolean> => {
  if (error.code === 'pipeline-invalid') return true;
  for (const open of [site, main]) {
    const trouble = await open().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (trouble === error) return true;
  }
  return false;
};

const looked = async (ground: DoctorGround, check: DoctorCheck): Promise<readonly Finding[]> => {
  try {
    return await check.look(ground);
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    const { message, hint = null } = error;
    return (await ofTheProject(ground, error))
      ? [unknown('not looked at: the main project comes first', {})]
      : [broken(message, { mend: hint })];
  }
};

const mended = async (ground: DoctorGround, check: DoctorCheck): Promise<readonly string[]> => {
  try {
    return (await check.mend?.(ground)) ?? [];
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    return [`could not be mended: ${error.message}`];
  }
};

/**
 * Checks are looked at in their order, and one that mended something is looked at again. Throws only bugs and
 * interruptions: that something cannot be looked at is a finding.
 */
export const examine = async ({ ground, checks, mode, signal }: DoctorRequest): Promise<DoctorReport> => {
  const findings: DoctorFinding[] = [];
  const done: { check: string; line: string }[] = [];
  for (const check of checks) {
    signal.throwIfAborted();
    let seen = await looked(ground, check);
    if (mode === 'mend' && seen.some(({ mendable }) => mendable)) {
      done.push(...(await mended(ground, check)).map((line) => ({ check: check.name, line })));
      seen = await looked(ground, check);
    }
    findings.push(...seen.map((one) => ({ check: check.name, ...one })));
  }
  return { findings, done };
};
