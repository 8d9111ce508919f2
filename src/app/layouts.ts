/** Finds what a registered target is on disk, asking its Python only when something about it changed since the last look. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { TargetLayout, TargetRecord } from '../domain/target.ts';
import { baseType } from '../domain/team-types.ts';
import { findLayout } from '../integrations/layout.ts';
import type { MainProject } from './main-project.ts';

interface CachedLayout {
  readonly format: 1;
  readonly key: string;
  readonly layout: TargetLayout;
}

/** The absolute path of a registered target. */
export const targetPath = (main: MainProject, record: Pick<TargetRecord, 'path'>): string =>
  resolve(main.git.mainWorktree, record.path);

const cacheFile = (main: MainProject, name: string): string => join(main.state.dir, 'layouts', `${name}.json`);

/** Stat data of everything that decides what a layout is: the interpreter, its configuration, its site-packages. */
const keyOf = (main: MainProject, record: TargetRecord, layout: TargetLayout): string => {
  const { files } = main.ports;
  const real = layout.python === null ? undefined : files.real(layout.python.executable);
  const watched = [
    layout.roots.target,
    layout.python?.executable,
    real,
    layout.python === null ? undefined : join(layout.python.prefix, 'pyvenv.cfg'),
    layout.site ?? undefined,
    ...layout.installations.map((installation) => installation.distInfo),
    layout.checkout ?? undefined,
  ];
  // Lockstep's own folder comes and goes in a root: that says nothing of what the target is.
  const roots = new Set<string | null>([...Object.values(layout.roots), layout.checkout]);
  const facts = watched.map((path) => {
    const stat = path === undefined ? undefined : files.stat(path);
    // A folder's own time says that names came or went in it; its size says nothing.
    return stat === undefined
      ? [path, null]
      : [path, stat.kind, stat.ino, stat.kind === 'dir' && roots.has(path ?? null) ? 0 : String(stat.mtimeNs)];
  });
  const asked = [
    record.path,
    record.type,
    baseType(main.project.types, record.type),
    record.python ?? null,
    record.checkout ?? null,
    main.project.package.name,
    main.project.package.import,
  ];
  return createHash('sha256')
    .update(JSON.stringify([asked, facts]))
    .digest('hex');
};

const cached = (main: MainProject, record: TargetRecord): TargetLayout | undefined => {
  const file = cacheFile(main, record.name);
  if (main.ports.files.stat(file) === undefined) return undefined;
  try {
    const entry = JSON.parse(main.ports.files.readText(file)) as CachedLayout;
    return entry.format === 1 && entry.key === keyOf(main, record, entry.layout) ? entry.layout : undefined;
  } catch {
    // A damaged cache is no cache: it is found out anew.
    return undefined;
  }
};

/** Throws `target-missing` when the folder is gone, `target-invalid` when nothing there can hold the package. */
export const layoutOf = async (main: MainProject, record: TargetRecord): Promise<TargetLayout> => {
  const path = targetPath(main, record);
  if (main.ports.files.real(path) === undefined) {
    throw new LockstepError('target-missing', `its folder ${path} is not there`, {
      target: record.name,
      hint: `put it back, or: lockstep target remove ${record.name}`,
    });
  }
  const known = cached(main, record);
  if (known !== undefined) return known;
  const { found: _found, ...layout } = await findLayout(main.ports, {
    path,
    mainRoot: main.git.mainWorktree,
    project: { packageName: main.project.package.name, importName: main.project.package.import },
    type: baseType(main.project.types, record.type),
    ...(record.python === undefined ? {} : { python: resolve(main.git.mainWorktree, record.python) }),
    ...(record.checkout === undefined ? {} : { checkout: resolve(main.git.mainWorktree, record.checkout) }),
  });
  return layout;
};

/** Remembers a layout, so that the next look at an unchanged target starts no Python. Writes state only. */
export const rememberLayout = (main: MainProject, record: TargetRecord, layout: TargetLayout): void => {
  const entry: CachedLayout = { format: 1, key: keyOf(main, record, layout), layout };
  main.ports.state.replace(cacheFile(main, record.name), `${JSON.stringify(entry)}\n`);
};
