/** Finds out whether the target's Python has what the package asks for, before anything is swapped in. */
import { normaliseName } from '../../domain/distributions.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { StoredWheel } from '../../store/wheels.ts';
import type { TargetContext } from '../target-context.ts';
import { canReport, networkOf, type Pip, parseReport, pipCause, pipTail, type ReportedInstall, runPip } from './pip.ts';

export interface DependencyCheck {
  /** Other distributions that an index would have to give. */
  readonly missing: readonly ReportedInstall[];
  readonly warnings: readonly string[];
}

const onlyForAnExtra = (requirement: string): boolean => /;.*\bextra\s*==/.test(requirement);

export interface DependencyQuestion {
  readonly pip: Pip;
  readonly python: PythonFacts;
  readonly wheel: Pick<StoredWheel, 'name' | 'version' | 'path'>;
  /** `Requires-Dist` lines. */
  readonly requires: readonly string[];
  /** What pip is asked to install instead of the wheel. */
  readonly asked?: readonly string[];
}

/** Asks pip, which alone knows markers and versions. Throws `package-install-failed`, naming what cannot be found. */
export const checkDependencies = async (
  context: TargetContext,
  { pip, python, wheel, requires, asked }: DependencyQuestion,
): Promise<DependencyCheck> => {
  if (requires.every(onlyForAnExtra)) return { missing: [], warnings: [] };
  if (!canReport(pip)) {
    const said = `dependencies of ${wheel.name} were not checked: pip ${pip.version} cannot tell (22.2 can)`;
    return { missing: [], warnings: [said] };
  }
  const { ports, signal, target, project } = context;
  const network = networkOf(context);
  const offline = network.kind === 'off' ? ['--no-index'] : [];
  const result = await runPip({
    pip,
    args: ['install', '--dry-run', '--quiet', '--report', '-', ...offline, ...(asked ?? [wheel.path])],
    network,
    ports,
    signal,
  });
  if (result.code !== 0) {
    const lacking = /No matching distribution found for ([^\n(]+)/.exec(result.stderr)?.[1]?.trim();
    if (lacking === undefined) {
      throw new LockstepError(
        'package-install-failed',
        `${project.package.name} ${wheel.version} cannot be installed for ${target.name}: ${pipCause(result)}`,
        { details: pipTail(result) },
      );
    }
    const where =
      network.kind === 'off' ? '; project.network is off, so no index is asked' : ', and the index has none';
    throw new LockstepError(
      'package-install-failed',
      `${project.package.name} ${wheel.version} needs ${lacking}, which ${target.name}'s Python does not have (${python.executable})${where}`,
      { hint: `install it there: ${python.executable} -m pip install '${lacking}'`, details: pipTail(result) },
    );
  }
  const own = normaliseName(wheel.name);
  return { missing: parseReport(result).filter((one) => normaliseName(one.name) !== own), warnings: [] };
};
