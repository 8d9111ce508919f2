/** `doctor`: a table of everything that Lockstep depends on, what is wrong with each, and the one command that mends it. */
import { examine } from '../../app/doctor/doctor.ts';
import type { Verdict } from '../../app/doctor/doctor-check.ts';
import { doctorGround } from '../../app/doctor/ground.ts';
import { doctorChecks } from '../../app/doctor/kinds/index.ts';
import type { Call } from '../call.ts';
import type { Paint } from '../render/colours.ts';
import { table } from '../render/table.ts';
import { verdictCode } from '../verdict.ts';

export interface DoctorOptions {
  readonly fix?: boolean;
}

const word = (verdict: Verdict, paint: Paint): string => {
  if (verdict === 'fine') return paint.good(verdict);
  return verdict === 'broken' ? paint.bad(verdict) : paint.look(verdict);
};

const passes = (verdict: Verdict): boolean => verdict === 'fine' || verdict === 'warning';

/** Exits with 0 when nothing is broken, warnings or not; with 4 when something is, or could not be looked at; with 5 when all is. */
export const runDoctor = async (call: Call, options: DoctorOptions): Promise<number> => {
  const { world, dir, paint } = call;
  const { env, launcher, version, signal } = world;
  const mode = options.fix === true ? 'mend' : 'look';
  const ports = await world.ports(mode === 'mend' ? 'real' : 'dry-run');
  const ground = doctorGround({ ports, dir, env, launcher, version });
  const { findings, done } = await examine({ ground, checks: doctorChecks, mode, signal });
  const rows = findings.map(({ check, subject, verdict, cause, mend }) => [
    check,
    word(verdict, paint),
    `${subject === null ? '' : `${subject}: `}${cause}${mend === null ? '' : ` (${mend})`}`,
  ]);
  const safe = mode === 'look' && findings.some(({ mendable }) => mendable);
  call.answer({ kind: 'doctor', findings, done }, [
    ...done.map(({ check, line }) => `${paint.strong(check)}: ${line}`),
    ...table(['check', 'state', 'what was seen'], rows),
    ...(safe ? ['lockstep doctor --fix mends what is safe to mend'] : []),
  ]);
  return verdictCode(findings.map(({ verdict }) => ({ passed: passes(verdict), error: null })));
};
