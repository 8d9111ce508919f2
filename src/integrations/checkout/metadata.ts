/** Tells whether an editable install has to be made anew: only what pip reads at install time counts, not the code. */
import { join } from 'node:path/posix';
import { parse } from 'smol-toml';
import type { TreeEntry } from '../../ports.ts';
import { sha256 } from '../../store/main-tree.ts';
import type { TargetContext } from '../target-context.ts';

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const fields = [
  'name',
  'version',
  'dynamic',
  'scripts',
  'gui-scripts',
  'entry-points',
  'dependencies',
  'optional-dependencies',
  'requires-python',
] as const;

/** Files beside `pyproject.toml` that a build backend reads metadata from; compared whole. */
const legacy = ['setup.py', 'setup.cfg'] as const;

/** The same value always gives the same text, whatever the order of its keys. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  const record = asRecord(value);
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((key) => [key, canonical(record[key])]),
  );
};

export interface PackageMetadata {
  /** Of all that an editable install depends on. */
  readonly digest: string;
  /** null when the backend computes it. */
  readonly version: string | null;
}

/** The metadata of the package folder in one commit's files; undefined when it holds no readable Python project. */
export const packageMetadata = async (
  { main }: Pick<TargetContext, 'main'>,
  entries: readonly TreeEntry[],
  folder: string,
): Promise<PackageMetadata | undefined> => {
  const clean = folder.replace(/^\.\/?/, '').replace(/\/+$/, '');
  const at = (name: string) => entries.find((entry) => entry.path === join(clean, name));
  const pyproject = at('pyproject.toml');
  const below = entries.filter(({ path }) => clean === '' || path.startsWith(`${clean}/`));
  const others = legacy.map((name) => at(name)?.blob ?? null);
  if (pyproject === undefined && others.every((blob) => blob === null)) return undefined;
  const text = pyproject === undefined ? '' : (await main.read([pyproject.blob])).get(pyproject.blob)?.toString('utf8');
  let data: Readonly<Record<string, unknown>>;
  try {
    data = parse(text ?? '');
  } catch {
    // The build says what is wrong with it.
    return undefined;
  }
  const project = asRecord(data.project);
  const facts = [
    fields.map((field) => project[field] ?? null),
    data['build-system'] ?? null,
    // Where packages lie: the `.pth` or the finder follows from it.
    data.tool ?? null,
    others,
    // A version that the backend computes may come from any of the files.
    typeof project.version === 'string' ? null : below.map(({ path, blob }) => [path, blob]),
  ];
  return {
    digest: sha256(`lockstep editable 1\0${JSON.stringify(canonical(facts))}`),
    version: typeof project.version === 'string' ? project.version : null,
  };
};
