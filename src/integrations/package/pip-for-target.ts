/** Finds a pip that works on a target's Python: its own, else another Python's that is told to. */
import { LockstepError } from '../../domain/errors.ts';
import { isAtLeast } from '../../domain/python-versions.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { TargetContext } from '../target-context.ts';
import { builderCandidates } from './builder.ts';
import type { Pip } from './pip.ts';
import { probe } from './probe.ts';

/** The first pip that knows `--python`. */
const leastPip = '22.3';

/** Throws `python-unusable` for a Python that cannot run here or that belongs to the system (PEP 668). */
export const usablePython = ({ layout, target }: Pick<TargetContext, 'layout' | 'target'>): PythonFacts => {
  const { python, pythonCause } = layout;
  // One that cannot run here may be known from its files: enough to look at, not to install for.
  if (python === null || pythonCause !== null) {
    throw new LockstepError(
      'python-unusable',
      `${target.name}'s Python cannot be used: ${pythonCause ?? 'none was found'}`,
      {
        hint: `repair it, then: lockstep sync run --target ${target.name}`,
      },
    );
  }
  return python;
};

/** Throws `python-unusable` for a Python that its distribution manages: pip must not write there. */
export const refuseManaged = ({ target }: Pick<TargetContext, 'target'>, python: PythonFacts): void => {
  if (!python.externallyManaged) return;
  throw new LockstepError(
    'python-unusable',
    `${python.executable} belongs to the operating system (PEP 668: externally managed), so nothing is installed there`,
    { hint: `make an environment for ${target.name} (${python.executable} -m venv <folder>) and register that Python` },
  );
};

/** Throws `package-install-failed` when neither the target's Python nor another one has a pip for it. */
export const pipForTarget = async (context: TargetContext, python: PythonFacts): Promise<Pip> => {
  if (python.pip !== null) return { argv: [python.executable, '-m', 'pip'], version: python.pip };
  const rejected: string[] = [];
  for (const candidate of builderCandidates(context)) {
    if (candidate === python.executable) continue;
    const facts = await probe(context, candidate, []);
    if (typeof facts === 'string') rejected.push(facts);
    else if (facts.pip === null) rejected.push(`${facts.executable} has no pip`);
    else if (!isAtLeast(facts.pip, leastPip)) rejected.push(`${facts.executable} has pip ${facts.pip}`);
    else return { argv: [facts.executable, '-m', 'pip', '--python', python.executable], version: facts.pip };
  }
  throw new LockstepError(
    'package-install-failed',
    `${python.executable} has no pip, and no other Python with pip ${leastPip} was found to install for it`,
    { hint: `${python.executable} -m ensurepip, or name a builder with pip in sync.config.yaml`, details: rejected },
  );
};
