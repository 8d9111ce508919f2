/** Finds in a project what could be kept in step, from its files alone: the package, documents, configuration, likely targets. */
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { parse } from 'smol-toml';
import type { GitPlaces, Ports } from '../../ports.ts';

export interface FoundPackage {
  /** Relative to the root; `.` for the root itself. */
  readonly folder: string;
  /** As pip knows it. */
  readonly name: string;
  /** As Python imports it. */
  readonly module: string;
}

export interface Survey {
  /** The likeliest first. */
  readonly packages: readonly FoundPackage[];
  /** Folders of documents. */
  readonly docs: readonly string[];
  /** Files that can be merged key by key. */
  readonly config: readonly string[];
  /** Folders with a Python that lie beside the project, or where it tracks nothing; relative to it. */
  readonly targets: readonly string[];
}

/** What tests, examples and others' code hold is no package of this project. */
const aside = /(^|\/)(tests?|testing|fixtures|examples?|samples?|vendor|third_party|node_modules|\..*)(\/|$)/i;

const docFolders = /^(docs?|documentation|manual|plans|rag)$/i;

const inConfigFolder = /^(config|configs|conf|settings)\/[^/]+\.toml$/i;

/** At the root most TOML files configure tools: only what is called settings, or like the package, is the project's own. */
const isConfig = (path: string, names: readonly string[]): boolean => {
  const called = /^([^/]+)\.toml$/.exec(path)?.[1]?.toLowerCase().replaceAll('_', '-');
  if (called === undefined) return inConfigFolder.test(path);
  return ['config', 'settings', ...names.map((name) => name.toLowerCase().replaceAll('_', '-'))].includes(called);
};

const depthOf = (path: string): number => path.split('/').length;

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** A pyproject that only configures tools makes no package; one that cannot be read may. */
const nameIn = (text: string): string | undefined | null => {
  try {
    const { project, tool, 'build-system': build } = asRecord(parse(text));
    const name = asRecord(project).name ?? asRecord(asRecord(tool).poetry).name;
    if (typeof name === 'string') return name;
    return build === undefined && project === undefined ? null : undefined;
  } catch {
    return undefined;
  }
};

const nameInSetup = (text: string): string | undefined =>
  /\bname\s*=\s*(?:(["'])([\w.-]+)\1|([\w.-]+)\s*$)/m
    .exec(text)
    ?.slice(2)
    .find((one) => one !== undefined);

/** The folder with an `__init__.py` that is named like the package, else the first one there is. */
const moduleIn = (paths: readonly string[], folder: string, name: string): string => {
  const wanted = name.toLowerCase().replaceAll(/[-.]+/g, '_');
  const top = folder === '.' ? '' : `${folder}/`;
  const found = paths
    .filter((path) => path.startsWith(top))
    .flatMap((path) => /^(?:src\/)?([A-Za-z_]\w*)\/__init__\.py$/.exec(path.slice(top.length))?.[1] ?? [])
    .filter((one) => !aside.test(one) && !docFolders.test(one));
  return found.find((one) => one.toLowerCase() === wanted) ?? found[0] ?? wanted;
};

/** Pure but for the reading. @param paths of the project, relative, forward slashes */
export const surveyFiles = (
  paths: readonly string[],
  { read, fallback }: { readonly read: (path: string) => string; readonly fallback: string },
): Omit<Survey, 'targets'> => {
  const shallow = [...paths].sort((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1));
  const folders = new Set(
    shallow
      .filter((path) => ['pyproject.toml', 'setup.py', 'setup.cfg'].includes(posix.basename(path)) && !aside.test(path))
      .map((path) => posix.dirname(path)),
  );
  const packages = [...folders].flatMap((folder): readonly FoundPackage[] => {
    const at = (name: string): string | undefined => {
      const path = posix.join(folder, name);
      return paths.includes(path) ? read(path) : undefined;
    };
    const pyproject = at('pyproject.toml');
    const [setup, cfg] = [at('setup.py'), at('setup.cfg')];
    const said = pyproject === undefined ? undefined : nameIn(pyproject);
    if (setup === undefined && (said === null || pyproject === undefined)) return [];
    const own = folder === '.' ? fallback : posix.basename(folder);
    const name = said ?? nameInSetup(cfg ?? '') ?? nameInSetup(setup ?? '') ?? own;
    return [{ folder, name, module: moduleIn(paths, folder, name) }];
  });
  const documented = shallow
    .filter((path) => /\.(md|rst|txt)$/i.test(path))
    .map((path) => path.split('/')[0] ?? '')
    .filter((folder) => docFolders.test(folder));
  const names = [fallback, ...packages.flatMap(({ name, module }) => [name, module])];
  return { packages, docs: [...new Set(documented)], config: shallow.filter((path) => isConfig(path, names)) };
};

/** What a folder has in which somebody keeps a Python for one project. */
const pythons = ['.venv', 'venv', 'env', 'python_embeded', 'python_embedded'];

/** More than these are not looked at: a home folder may hold thousands. */
const most = 500;

const holdsPython = ({ files }: Pick<Ports, 'files'>, path: string): boolean => {
  const has = (name: string): boolean => files.stat(join(path, name)) !== undefined;
  return pythons.some(has);
};

/** What tools keep for themselves is nobody's target. */
const ofTools = (path: string): boolean =>
  path.split('/').some((name) => name === 'node_modules' || name.startsWith('.'));

/** Beside the project, and in its folders that git does not track: there, two folders deeper too. */
const likelyTargets = (
  { files }: Pick<Ports, 'files'>,
  root: string,
  untracked: readonly string[],
): readonly string[] => {
  // An environment by itself is some project's own.
  const isFolder = (path: string): boolean =>
    files.stat(path)?.kind === 'dir' && files.stat(join(path, 'pyvenv.cfg')) === undefined;
  const within = (dir: string): readonly string[] =>
    files
      .list(dir)
      .filter((name) => !ofTools(name))
      .map((name) => join(dir, name))
      .filter(isFolder);
  const inside = untracked
    .filter((path) => !ofTools(path))
    .map((path) => join(root, path))
    .filter(isFolder);
  const deeper = inside.flatMap(within).slice(0, most);
  const places = [...within(dirname(root)), ...inside, ...deeper, ...deeper.flatMap(within)].slice(0, most);
  return [...new Set(places)]
    .filter((path) => path !== root && holdsPython({ files }, path))
    .map((path) => relative(root, path).split(sep).join('/'));
};

/** Reads only; starts no Python. Throws what git throws. */
export const survey = async (ports: Ports, git: GitPlaces): Promise<Survey> => {
  const list = async (...words: readonly string[]): Promise<readonly string[]> => {
    const listed = await ports.git.open(git.root).read(['ls-files', '-z', ...words]);
    return [...new Set(listed.split('\0'))].filter((path) => path !== '');
  };
  const paths = (await list('--cached', '--others', '--exclude-standard')).filter(
    (path) => ports.files.stat(join(git.root, path))?.kind === 'file',
  );
  const untracked = (await list('--others', '--directory'))
    .filter((path) => path.endsWith('/'))
    .map((path) => path.slice(0, -1));
  const read = (path: string): string => ports.files.readText(join(git.root, path));
  return {
    ...surveyFiles(paths, { read, fallback: basename(git.mainWorktree) }),
    targets: likelyTargets(ports, git.mainWorktree, untracked),
  };
};
