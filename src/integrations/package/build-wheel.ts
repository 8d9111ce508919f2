/** Builds the main project's package into a wheel, from the run's commit, outside the source tree, once for all targets. */
import { dirname, join, resolve } from 'node:path';
import { normaliseName } from '../../domain/distributions.ts';
import { LockstepError } from '../../domain/errors.ts';
import { isInside } from '../../domain/paths.ts';
import { minorOf } from '../../domain/python-versions.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { Tree, TreeEntry } from '../../ports.ts';
import type { StoredWheel } from '../../store/wheels.ts';
import type { TargetContext } from '../target-context.ts';
import { builderCandidates, chooseBuilder } from './builder.ts';
import { networkOf, pipCause, pipTail, runPip } from './pip.ts';
import type { SourceProject } from './source-project.ts';

const isPure = (file: string): boolean => /-(?:py2\.)?py3-none-any\.whl$/.test(file);

/** Compiled code fits one minor version of Python: its wheel is kept under that too. */
const keyForPython = (key: string, version: string): string => `${key}:python${minorOf(version)}`;

/** Name and version as a wheel's file name says them (PEP 427). */
export const wheelIdentity = (file: string): { readonly name: string; readonly version: string } => {
  const [name = '', version = ''] = file.split('-');
  return { name, version };
};

const makeFolders = (tree: Tree, root: string, made: Set<string>, dir: string): void => {
  if (dir === root || made.has(dir)) return;
  makeFolders(tree, root, made, dirname(dir));
  tree.mkdir(dir, 0o755);
  made.add(dir);
};

/** What cannot be taken along from a commit: submodules, and links that lead out of the package's folder. */
export const leftOut = async (
  context: Pick<TargetContext, 'main'>,
  source: SourceProject,
): Promise<readonly string[]> => {
  const links = source.entries.filter((entry) => entry.mode === '120000');
  const texts = await context.main.read(links.map((link) => link.blob));
  const root = resolve('/', source.folder);
  const leads = (link: TreeEntry): string => {
    const to = texts.get(link.blob)?.toString('utf8') ?? '';
    return resolve(dirname(resolve('/', link.path)), to);
  };
  return [
    ...source.entries.filter((entry) => entry.mode === '160000').map((entry) => entry.path),
    ...links.filter((link) => !isInside(root, leads(link))).map((link) => link.path),
  ];
};

/** Writes the package's files as the commit holds them into a fresh scratch folder. */
export const exportSource = async (context: TargetContext, source: SourceProject): Promise<string> => {
  const { ports, main } = context;
  const omitted = new Set(await leftOut(context, source));
  const entries = source.entries.filter((entry) => !omitted.has(entry.path));
  const blobs = await main.read(entries.map((entry) => entry.blob));
  const root = ports.files.scratch('source');
  const tree = ports.openTree({ roots: [root] });
  const made = new Set<string>();
  for (const entry of entries) {
    const path = join(root, entry.path.slice(source.folder === '' ? 0 : source.folder.length + 1));
    const bytes = blobs.get(entry.blob);
    if (bytes === undefined) throw new LockstepError('object-missing', `main has no object for ${entry.path}`);
    makeFolders(tree, root, made, dirname(path));
    if (entry.mode === '120000') tree.symlink(path, bytes.toString('utf8'));
    else tree.write(path, bytes, entry.mode === '100755' ? 0o755 : 0o644);
  }
  return root;
};

interface BuildRequest {
  readonly source: SourceProject;
  readonly key: string;
  readonly candidates: readonly string[];
}

const build = async (context: TargetContext, { source, key, candidates }: BuildRequest): Promise<StoredWheel> => {
  const { ports, project, signal, wheels } = context;
  const { name, path } = project.package;
  const builder = await chooseBuilder(context, source, candidates);
  const folder = await exportSource(context, source);
  const out = ports.files.scratch('wheel');
  const offline = builder.isolation === 'none';
  const result = await runPip({
    pip: builder.pip,
    args: ['wheel', '--no-deps', ...(offline ? ['--no-index', '--no-build-isolation'] : []), '-w', out, folder],
    network: offline ? { kind: 'off' } : networkOf(context),
    ports,
    signal,
  });
  const file = ports.files.list(out).find((entry) => entry.endsWith('.whl'));
  if (result.code !== 0 || file === undefined) {
    throw new LockstepError(
      'package-build-failed',
      `${name} cannot be built from ${path} with ${builder.executable}: ${pipCause(result)}`,
      {
        hint: `try it by hand: ${builder.executable} -m pip wheel --no-deps${offline ? ' --no-build-isolation' : ''} ${path}`,
        details: pipTail(result),
      },
    );
  }
  const kept = isPure(file) ? key : keyForPython(key, builder.version);
  return wheels.keep(kept, join(out, file), wheelIdentity(file));
};

/** Throws `package-build-failed` when the source builds another distribution than the configuration names. */
const checkName = ({ project }: TargetContext, wheel: StoredWheel): StoredWheel => {
  const { name, path } = project.package;
  if (normaliseName(wheel.name) === normaliseName(name)) return wheel;
  throw new LockstepError('package-build-failed', `${path} builds ${wheel.name}, but the project's name is ${name}`, {
    hint: `set project.name in sync.config.yaml to ${wheel.name}, or project.package to the folder of ${name}`,
  });
};

/** The wheel of a source that the store holds for a Python already; nothing is built. */
export const storedWheel = (
  { wheels }: Pick<TargetContext, 'wheels'>,
  key: string,
  python: PythonFacts,
): StoredWheel | undefined => wheels.find(key) ?? wheels.find(keyForPython(key, python.version));

/**
 * The wheel of the run's commit for a target's Python: from the store, else built now. Targets of one run share one
 * build; only compiled code is built again for another minor version. Throws `package-build-failed`.
 */
export const builtWheel = async (
  context: TargetContext,
  python: PythonFacts,
  { source, key }: { readonly source: SourceProject; readonly key: string },
): Promise<StoredWheel> => {
  const stored = storedWheel(context, key, python);
  if (stored !== undefined) return checkName(context, stored);
  const wheel = await context.wheels.once(key, () =>
    build(context, { source, key, candidates: builderCandidates(context) }),
  );
  const forPython = keyForPython(key, python.version);
  if (isPure(wheel.file) || context.wheels.find(forPython)?.sha256 === wheel.sha256) return checkName(context, wheel);
  return context.wheels.once(forPython, () => build(context, { source, key, candidates: [python.executable] }));
};
