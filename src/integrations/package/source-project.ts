/** Reads what the main project's package asks for, from its `pyproject.toml` at the run's commit. */
import { join } from 'node:path/posix';
import { parse } from 'smol-toml';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { fitsPython } from '../../domain/python-versions.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { TreeEntry } from '../../ports.ts';
import { sha256 } from '../../store/main-tree.ts';
import type { TargetContext } from '../target-context.ts';

export interface SourceProject {
  /** Folder in main, without a slash at the end; empty for the whole repository. */
  readonly folder: string;
  /** Files below it, paths relative to main's root. */
  readonly entries: readonly TreeEntry[];
  /** Files below it whose names are not UTF-8, as git quotes them: they cannot be taken along. */
  readonly unnamed: readonly string[];
  /** null when nothing says so. */
  readonly requiresPython: string | null;
  /** `[build-system] requires`, or what PEP 518 says when there is none. */
  readonly buildRequires: readonly string[];
}

type MainContext = Pick<TargetContext, 'main' | 'project' | 'run'>;

/** What the source key means; raised when the same tree would be built into other bytes. */
const keyFormat = 1;

const short = (commit: string): string => commit.slice(0, 10);

const folderOf = (path: string): string => path.replace(/^\.\/?/, '').replace(/\/+$/, '');

const keys = new WeakMap<MainContext['main'], Map<string, Promise<string>>>();

const computeKey = async ({ main, run }: MainContext, path: string): Promise<string> => {
  const tree = await main.id(path);
  if (tree === undefined) {
    throw new LockstepError('package-build-failed', `${path} is not in commit ${short(run.commit)} of main`, {
      hint: 'commit it, or name the pip-installable folder as project.package in sync.config.yaml',
    });
  }
  return sha256(`lockstep wheel ${keyFormat}\0${tree}`);
};

/** Identifies what a wheel is built from: the package folder's tree at the run's commit. Asked from git once per run. Throws `package-build-failed`. */
export const sourceKey = (context: MainContext, path: string): Promise<string> => {
  const known = keys.get(context.main) ?? new Map<string, Promise<string>>();
  keys.set(context.main, known);
  const key = known.get(path) ?? computeKey(context, path);
  known.set(path, key);
  return key;
};

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

const parseProject = (where: string, text: string) => {
  let data: Readonly<Record<string, unknown>>;
  try {
    data = parse(text);
  } catch (cause) {
    throw new LockstepError('package-build-failed', `${where} cannot be read: ${messageOf(cause).split('\n')[0]}`, {
      hint: `mend ${where} in main and commit it`,
      cause,
    });
  }
  const requiresPython = asRecord(data.project)['requires-python'];
  const system = data['build-system'];
  return {
    requiresPython: typeof requiresPython === 'string' ? requiresPython : null,
    buildRequires: system === undefined ? ['setuptools'] : strings(asRecord(system).requires),
  };
};

/** The package folder at the run's commit. Throws `package-build-failed` when it holds no Python project or one that cannot be read. */
export const readSourceProject = async (context: MainContext, path: string): Promise<SourceProject> => {
  const folder = folderOf(path);
  const entries = await context.main.under(path);
  const unnamed = (await context.main.unnamed(path)).map((entry) => entry.path);
  const at = (name: string) => entries.find((entry) => entry.path === join(folder, name));
  const pyproject = at('pyproject.toml');
  if (pyproject === undefined && at('setup.py') === undefined) {
    const where = folder === '' ? 'the main project' : folder;
    throw new LockstepError(
      'package-build-failed',
      `${where} has neither pyproject.toml nor setup.py at commit ${short(context.run.commit)}`,
      { hint: 'name the pip-installable folder as project.package in sync.config.yaml' },
    );
  }
  if (pyproject === undefined) return { folder, entries, unnamed, requiresPython: null, buildRequires: ['setuptools'] };
  const text = (await context.main.read([pyproject.blob])).get(pyproject.blob)?.toString('utf8') ?? '';
  return { folder, entries, unnamed, ...parseProject(pyproject.path, text) };
};

/** Throws `python-unusable` unless the target's Python satisfies the package's `requires-python`. */
export const checkTargetPython = (
  { project, target }: Pick<TargetContext, 'project' | 'target'>,
  python: PythonFacts,
  { requiresPython }: Pick<SourceProject, 'requiresPython'>,
): void => {
  if (requiresPython === null) return;
  const fit = fitsPython(python.version, requiresPython);
  if (fit === 'fits') return;
  const { name } = project.package;
  if (fit === 'unreadable') {
    throw new LockstepError(
      'package-build-failed',
      `requires-python of ${name} is not a version specifier: ${requiresPython}`,
      {
        hint: 'mend requires-python in pyproject.toml and commit it',
      },
    );
  }
  throw new LockstepError(
    'python-unusable',
    `${name} asks for Python ${requiresPython}; ${target.name}'s is ${python.version} (${python.executable})`,
    { hint: `give ${target.name} a Python ${requiresPython}, then: lockstep sync run --target ${target.name}` },
  );
};
