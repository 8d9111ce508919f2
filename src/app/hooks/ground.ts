/** Finds out what starts git's hooks in a repository, and in which folder; reads only. */
import { basename, dirname, join, resolve } from 'node:path';
import type { HookManager } from '../../domain/hooks/place.ts';
import type { Files, GitPlaces, Ports } from '../../ports.ts';
import { entryKinds } from './entries/index.ts';

/** Where a command about hooks stands. */
export interface HookSite {
  readonly ports: Ports;
  readonly git: GitPlaces;
}

export interface HookGround {
  readonly manager: HookManager;
  /** Where git looks for hooks: absolute, and real where it is there. */
  readonly folder: string;
  /** Where a person's own scripts lie: husky's are one folder up. */
  readonly scripts: string;
  /** What has to be done before any hook runs, when something has. */
  readonly inactive?: string;
}

const realOr = (files: Files, path: string): string => files.real(path) ?? path;

const isHuskyFolder = (files: Files, folder: string): boolean =>
  basename(folder) === '_' && ['h', 'husky.sh'].some((name) => files.stat(join(folder, name)) !== undefined);

/** Whether the project names husky among its dependencies; what cannot be read names nothing. */
const namesHusky = (files: Files, root: string): boolean => {
  const path = join(root, 'package.json');
  if (files.stat(path)?.kind !== 'file') return false;
  try {
    const facts: unknown = JSON.parse(files.readText(path));
    if (typeof facts !== 'object' || facts === null) return false;
    return ['dependencies', 'devDependencies'].some((group) => {
      const named = (facts as Readonly<Record<string, unknown>>)[group];
      return typeof named === 'object' && named !== null && 'husky' in named;
    });
  } catch {
    return false;
  }
};

/** Where `core.hooksPath` is set: `local`, `worktree`, `global`, `system`, `command`; undefined when it is not. */
const scopeOfHooksPath = async ({ ports, git }: HookSite): Promise<string | undefined> => {
  const said = await ports.git
    .open(git.root)
    .read(['config', '--show-scope', '--get', '--default', '', 'core.hooksPath']);
  const [scope = '', value = ''] = said.replace(/\n$/, '').split('\t');
  return value === '' ? undefined : scope;
};

/**
 * husky first, for it sets `core.hooksPath` itself; then the file of lefthook or pre-commit; then git alone. A folder that
 * all repositories of a person share is nobody's to write in. Throws what git throws.
 */
export const findGround = async (site: HookSite): Promise<HookGround> => {
  const { ports, git } = site;
  const { files } = ports;
  const [scope, said] = await Promise.all([
    scopeOfHooksPath(site),
    ports.git.open(git.root).read(['rev-parse', '--git-path', 'hooks']),
  ]);
  const folder = realOr(files, resolve(git.root, said.replace(/\n$/, '')));
  if (scope !== undefined && isHuskyFolder(files, folder)) {
    return { manager: 'husky', folder, scripts: dirname(folder) };
  }
  const entries = entryKinds.find((kind) => kind.configured(files, git.root));
  if (entries !== undefined) return { manager: entries.manager, folder, scripts: folder };
  if (scope !== undefined && !['local', 'worktree'].includes(scope)) {
    return { manager: 'shared-hooks-path', folder, scripts: folder };
  }
  const husky = join(git.root, '.husky');
  if (scope === undefined && files.stat(husky)?.kind === 'dir' && namesHusky(files, git.root)) {
    const inactive = 'husky is not set up in this clone';
    return { manager: 'husky', folder: join(husky, '_'), scripts: husky, inactive };
  }
  return { manager: scope === undefined ? 'git' : 'hooks-path', folder, scripts: folder };
};
