/** Finds what a target's folder is: its integration type, its Python, its copies of the package, where Lockstep may write. */
import { dirname, join } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import { findInstallations } from '../domain/installations.ts';
import { isInside, type Roots } from '../domain/paths.ts';
import { dirAt, importPath, type Wanted } from '../domain/sites.ts';
import type { Installation, PythonFacts, TargetLayout } from '../domain/target.ts';
import type { Ports } from '../ports.ts';
import { choosePython, type ExaminedPython } from './layout/choose-python.ts';
import { describeLayout } from './layout/describe.ts';
import { type Checkout, findCheckout, pythonRoot, type Surroundings } from './layout/roots.ts';

export { checkName, checkPlace } from './layout/place.ts';

export interface LayoutRequest {
  /** The target's folder, absolute. */
  readonly path: string;
  readonly project: Wanted;
  /** The main worktree, absolute. */
  readonly mainRoot: string;
  readonly type?: string;
  /** The interpreter to take instead of looking for one: absolute, or a name to look up on PATH. */
  readonly python?: string;
  /** The clone of a `source` target, absolute. */
  readonly checkout?: string;
}

export type FoundLayout = TargetLayout & {
  /** What was found and why, one line each. */
  readonly found: readonly string[];
};

type LayoutPorts = Pick<Ports, 'files' | 'python'>;

/** A path with its longest existing part made real: pip's places may not be there yet. */
const realPlace = (files: Ports['files'], path: string): string => {
  const real = files.real(path);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(realPlace(files, dirname(path)), path.slice(dirname(path).length));
};

const realFacts = (files: Ports['files'], facts: PythonFacts): PythonFacts => ({
  ...facts,
  prefix: realPlace(files, facts.prefix),
  purelib: realPlace(files, facts.purelib),
  platlib: realPlace(files, facts.platlib),
  scripts: realPlace(files, facts.scripts),
  data: realPlace(files, facts.data),
});

const nothingFound = (path: string, project: Wanted, refusals: readonly string[]): LockstepError =>
  new LockstepError('target-invalid', `${path} holds no Python that ${project.packageName} could be installed in`, {
    hint: 'name its interpreter with --python, or how it uses the package with --type',
    details: [
      ...refusals,
      'looked for .venv, venv, env',
      'looked for a portable Python: python_embeded, python_embedded, python, runtime',
      'looked for conda-meta, pyvenv.cfg up to three folders down, and a bare site-packages',
    ],
  });

/** Where the package lies or goes: the winning copy's own site where that may be written, else where pip would put it. */
const siteOf = (installations: readonly Installation[], python: PythonFacts | null, roots: Roots): string | null => {
  const places = Object.values(roots) as string[];
  const own = (site: string): boolean => places.some((root) => isInside(root, site));
  const plain = installations.find((one) => one.editable === undefined && own(one.site));
  if (plain !== undefined) return plain.site;
  return python !== null && own(python.purelib) ? python.purelib : null;
};

/** The package inside a checkout that no installation points into: the one folder of that name that looks like it. */
const packageInCheckout = (files: Ports['files'], checkout: string, importName: string): string | null => {
  const below = importPath(importName);
  const patterns = [`${below}/__init__.py`, `*/${below}/__init__.py`, `*/*/${below}/__init__.py`];
  const found = files.glob([...patterns, `*/*/*/${below}/__init__.py`, '!**/site-packages/**'], checkout);
  return found.length === 1 && found[0] !== undefined ? dirname(found[0]) : null;
};

const rootsOf = (
  around: Surroundings,
  prefix: ReturnType<typeof pythonRoot> | undefined,
  checkout: Checkout | undefined,
): Roots => ({
  target: around.target,
  ...(prefix?.kind === 'outside' ? { python: prefix.root } : {}),
  ...(checkout === undefined || checkout.linkedToMain || isInside(around.target, checkout.path)
    ? {}
    : { checkout: checkout.path }),
});

const typeOf = (request: LayoutRequest, examined: ExaminedPython | undefined): string | undefined => {
  if (request.type !== undefined) return request.type;
  if (request.checkout !== undefined || examined?.installations[0]?.editable !== undefined) return 'source';
  return examined === undefined ? undefined : 'site-packages';
};

/**
 * Reads the folder, and asks the Python that is named or found there; nothing is written or imported.
 * A Python that cannot run here is read from its files, with `pythonCause` saying why. A Python of the system is
 * never a root: `roots.python` is absent, `pythonCause` says so, and there is no `site`.
 * Throws `target-missing`; `target-invalid` when neither a Python nor a type is known; `python-unusable` when the named
 * interpreter neither runs nor lies in a folder that can be read as a Python.
 */
export const findLayout = async (ports: LayoutPorts, request: LayoutRequest): Promise<FoundLayout> => {
  const { files } = ports;
  const { project } = request;
  const target = dirAt(files, request.path);
  if (target === undefined) {
    throw new LockstepError('target-missing', `the target's folder ${request.path} is not there`);
  }
  const around: Surroundings = { target, mainRoot: files.real(request.mainRoot) ?? request.mainRoot };
  const { chosen, others, refusals } = await choosePython(ports, target, request);
  const beside = chosen === undefined ? dirAt(files, join(target, 'site-packages')) : undefined;
  const bare = beside !== undefined && isInside(target, beside) ? beside : undefined;
  const type = typeOf(request, chosen) ?? (bare === undefined ? undefined : 'site-packages');
  if (type === undefined) throw nothingFound(request.path, project, refusals);

  const facts = chosen === undefined ? null : realFacts(files, chosen.facts);
  const prefix = facts === null ? undefined : pythonRoot(facts, around);
  const installations = chosen?.installations ?? (bare === undefined ? [] : findInstallations(files, [bare], project));
  const linked = installations.find((one) => one.editable !== undefined);
  const location = type === 'site-packages' ? undefined : (request.checkout ?? linked?.editable?.checkout);
  const checkout = location === undefined ? undefined : findCheckout(files, location, around);
  const roots = rootsOf(around, prefix, checkout);
  const site = siteOf(installations, facts, roots) ?? bare ?? null;
  const inSite = site === null ? null : join(site, importPath(project.importName));
  const inCheckout =
    linked?.packageDir ?? (checkout === undefined ? null : packageInCheckout(files, checkout.path, project.importName));

  const layout: TargetLayout = {
    roots,
    type,
    python: chosen?.bare === true ? null : facts,
    pythonCause: chosen === undefined ? (refusals[0] ?? `no Python was found in ${target}`) : causeOf(chosen, prefix),
    site,
    installations,
    packageDir: type === 'site-packages' ? inSite : type === 'source' ? inCheckout : (inCheckout ?? inSite),
    checkout: checkout?.path ?? null,
    linkedToMain: checkout?.linkedToMain ?? false,
  };
  return { ...layout, found: describeLayout(files, layout, { project, chosen, others, location, checkout }) };
};

const causeOf = (chosen: ExaminedPython, prefix: ReturnType<typeof pythonRoot> | undefined): string | null =>
  chosen.cause ?? (prefix?.kind === 'refused' ? prefix.why : null);

/** The roots of a layout as the registry records and shows them: the folder, then what lies outside it. */
export const layoutPlaces = ({ roots }: Pick<TargetLayout, 'roots'>): readonly string[] =>
  [roots.target, roots.python, roots.checkout].filter((root) => root !== undefined);
