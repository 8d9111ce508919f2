/** Tells which code of main runs when its package is built: what the build system is told to run, and the files it is told to take it from. */
import { dirname, join } from 'node:path/posix';
import { parse } from 'smol-toml';
import type { ExecutablePart } from '../../domain/executable.ts';
import type { PackageSpec } from '../../domain/project.ts';
import type { TreeEntry } from '../../ports.ts';
import { type MainTree, sha256 } from '../../store/main-tree.ts';
import { importedFiles } from './build-imports.ts';

/** Tools that look at a project and take no part in building it: their tables change often and run nothing. */
const bystanders: ReadonlySet<string> = new Set([
  'bandit',
  'black',
  'codespell',
  'commitizen',
  'coverage',
  'flake8',
  'isort',
  'mypy',
  'nox',
  'pydocstyle',
  'pylint',
  'pyright',
  'pytest',
  'ruff',
  'towncrier',
  'tox',
  'ty',
  'vulture',
]);

/** Scripts that build backends run without being told to. */
const knownScripts = ['setup.py', 'setup.cfg', 'hatch_build.py', 'build.py', 'pdm_build.py'] as const;
/** What builds compiled code runs, wherever it lies. */
const nativeScripts =
  /(^|\/)(meson\.build|meson\.options|meson_options\.txt|CMakeLists\.txt|[^/]+\.cmake|build\.rs|Cargo\.toml|\.cargo\/config(\.toml)?|Makefile|configure)$/;

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const tomlOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    return parse(text);
  } catch {
    // Nothing is built from it then, and building says why; till then all of its text counts.
    return { 'build-system': text };
  }
};

/** One line per value, so that a comparison shows what changed. */
const linesOf = (value: unknown, path: string): string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    ? Object.entries(value).flatMap(([key, inner]) => linesOf(inner, path === '' ? key : `${path}.${key}`))
    : [`${path} = ${JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? String(inner) : inner))}`];

const systemLines = (project: Readonly<Record<string, unknown>>): readonly string[] => [
  ...linesOf(project['build-system'] ?? {}, 'build-system'),
  ...Object.entries(asRecord(project.tool))
    .filter(([tool]) => !bystanders.has(tool))
    .flatMap(([tool, table]) => linesOf(table, `tool.${tool}`)),
];

const isBelow = (folder: string, path: string): boolean => folder === '' || path.startsWith(`${folder}/`);

/** Where an in-tree backend is taken from, without a slash at the end. */
const backendPlaces = (project: Readonly<Record<string, unknown>>, folder: string): readonly string[] => {
  const places = asRecord(project['build-system'])['backend-path'];
  return (Array.isArray(places) ? places : []).map((place) => join(folder, String(place)).replace(/^\.$|\/$/g, ''));
};

/** The files of an in-tree backend: modules beside it, and its own package. */
const backendFiles = (
  project: Readonly<Record<string, unknown>>,
  { folder, entries }: { readonly folder: string; readonly entries: readonly TreeEntry[] },
): readonly TreeEntry[] => {
  const name = String(asRecord(project['build-system'])['build-backend'] ?? '').split(/[.:]/)[0] ?? '';
  return backendPlaces(project, folder).flatMap((at) =>
    entries.filter(
      ({ path }) =>
        (/\.(py|so|pyd)$/.test(path) && isBelow(at, path) && dirname(path) === (at === '' ? '.' : at)) ||
        (name !== '' && isBelow(join(at, name), path)),
    ),
  );
};

const textLines = (bytes: Buffer): readonly string[] =>
  bytes.includes(0) ? [`binary, sha256 ${sha256(bytes)}`] : bytes.toString('utf8').split(/\r?\n/);

/** Tracked files as executable parts, by path. Throws `object-missing`. */
export const fileParts = async (main: MainTree, files: readonly TreeEntry[]): Promise<readonly ExecutablePart[]> => {
  const contents = await main.read(files.map(({ blob }) => blob));
  return files.map(({ path, blob, mode }) => ({
    name: `${mode === '120000' ? 'link' : 'file'} ${path}`,
    lines: textLines(contents.get(blob) ?? Buffer.alloc(0)),
  }));
};

/** Modules of the package change with every release, and run wherever it is installed: what builds it is looked at alone. */
const modulesOf = (name: string, folder: string): ((path: string) => boolean) => {
  const top = name.replaceAll('.', '/');
  return (path) => [join(folder, top), join(folder, 'src', top)].some((place) => isBelow(place, path));
};

/** Empty where the package is not built from main. Throws `object-missing`. */
export const buildCode = async (
  main: MainTree,
  spec: Pick<PackageSpec, 'name' | 'path' | 'from' | 'import'>,
): Promise<readonly ExecutablePart[]> => {
  if (spec.path === null || spec.from !== 'local') return [];
  const folder = spec.path.replace(/^\.?\/?/, '').replace(/\/+$/, '');
  const entries = (await main.under(spec.path)).filter(({ mode }) => mode !== '160000');
  const at = (name: string): TreeEntry | undefined => entries.find(({ path }) => path === join(folder, name));
  const pyproject = at('pyproject.toml');
  const text =
    pyproject === undefined ? '' : ((await main.read([pyproject.blob])).get(pyproject.blob)?.toString('utf8') ?? '');
  const project = tomlOf(text);
  // A script that the build is told of by its path, such as a hook of hatch.
  const named = [...text.matchAll(/[\w./-]+\.py\b/g)].map(([path]) => join(folder, path));
  const files = [
    ...knownScripts.flatMap((name) => at(name) ?? []),
    ...entries.filter(({ path }) => named.includes(path) || nativeScripts.test(path)),
    ...backendFiles(project, { folder, entries }),
  ];
  const isModule = modulesOf(spec.import, folder);
  const first = [...new Map(files.map((file) => [file.path, file])).values()];
  const once = [
    ...first,
    ...(await importedFiles(main, {
      files: first,
      entries,
      folders: [folder, ...backendPlaces(project, folder)],
      // Its tables are lines of their own; what else it says changes with every release.
      except: (path) => path === pyproject?.path || isModule(path),
    })),
  ];
  const where = folder === '' ? 'the main project' : folder;
  return [
    { name: `building ${spec.name} from ${where}`, lines: systemLines(project) },
    ...(await fileParts(main, once)),
  ];
};
