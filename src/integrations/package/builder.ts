/** Finds a Python that can build the package's wheel, and says what is missing when none can. */
import { LockstepError } from '../../domain/errors.ts';
import { fitsPython } from '../../domain/python-versions.ts';
import type { TargetContext } from '../target-context.ts';
import type { Pip } from './pip.ts';
import { type Probe, probe } from './probe.ts';
import type { SourceProject } from './source-project.ts';

export interface Builder {
  readonly executable: string;
  readonly version: string;
  readonly pip: Pip;
  /** Whether pip must fetch the build requirements from an index. */
  readonly isolation: 'none' | 'index';
}

/** Interpreters to try: the configured builder, the target's own, then those on PATH. */
export const builderCandidates = ({
  project,
  layout,
}: Pick<TargetContext, 'project' | 'layout'>): readonly string[] => [
  ...new Set(
    [project.package.builder, layout.python?.executable, 'python3', 'python'].filter((one) => typeof one === 'string'),
  ),
];

const asBuilder = ({ executable, version, pip }: Probe, isolation: Builder['isolation']): Builder => ({
  executable,
  version,
  pip: { argv: [executable, '-m', 'pip'], version: pip ?? '' },
  isolation,
});

/**
 * The first candidate that fits `requires-python`, has pip and everything that the build asks for; with an index
 * allowed, the first that fits and has pip. Throws `package-build-failed`, saying what is missing and where.
 */
export const chooseBuilder = async (
  context: TargetContext,
  source: Pick<SourceProject, 'requiresPython' | 'buildRequires'>,
  candidates: readonly string[],
): Promise<Builder> => {
  const { name, network } = context.project.package;
  const rejected: string[] = [];
  const fitting: Probe[] = [];
  for (const candidate of candidates) {
    const facts = await probe(context, candidate, source.buildRequires);
    if (typeof facts === 'string') rejected.push(facts);
    else if (facts.pip === null) rejected.push(`${facts.executable} has no pip`);
    else if (fitsPython(facts.version, source.requiresPython ?? '') !== 'fits') {
      rejected.push(`${facts.executable} is Python ${facts.version}`);
    } else if (facts.missing.length === 0) return asBuilder(facts, 'none');
    else fitting.push(facts);
  }
  const [first] = fitting;
  if (first !== undefined && network) return asBuilder(first, 'index');
  if (first !== undefined) {
    const what = first.missing.join(', ');
    const names = first.missing.map((text) => /^[\w.-]+/.exec(text)?.[0] ?? text).join(' ');
    throw new LockstepError(
      'package-build-failed',
      `${what} ${first.missing.length === 1 ? 'is' : 'are'} needed to build ${name} and not installed in ${first.executable}; project.network is off, so no index is asked`,
      {
        hint: `install it there (${first.executable} -m pip install ${names}), or allow an index with network: true under project in sync.config.yaml`,
        details: [...fitting.slice(1).map((one) => `${one.executable} lacks ${one.missing.join(', ')}`), ...rejected],
      },
    );
  }
  const asked = source.requiresPython === null ? 'with pip' : `${source.requiresPython} with pip`;
  throw new LockstepError('package-build-failed', `no Python ${asked} was found to build ${name}`, {
    hint: 'install one, or name it as the builder in sync.config.yaml',
    details: rejected,
  });
};
