/** Folders for work in passing: those of one process lie in one, which says whose they are, so that what the killed left is found. */
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Abandoned, Identity, Owner } from '../ports.ts';
import { diskError, reasonOf } from './disk-error.ts';
import { processIdentity } from './process-identity.ts';
import { ofThisProcess } from './process-marks.ts';
import { firstOf } from './process-table.ts';
import { removeFolder } from './remove-folder.ts';

const prefix = 'lockstep-';
const nameOfDeed = 'owner.json';

/** Stands in each home. */
interface Deed {
  readonly owner: Owner;
  /** What the marks of all that the owner starts begin with. */
  readonly marks: string;
}

/** The home of this process, with its deed in it. */
const makeHome = (onHome: (dir: string) => void): string => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  onHome(home);
  const deed: Deed = { owner: processIdentity().self(), marks: ofThisProcess };
  const handle = openSync(join(home, nameOfDeed), 'wx', 0o600);
  try {
    writeFileSync(handle, JSON.stringify(deed));
  } finally {
    closeSync(handle);
  }
  return home;
};

/** Makes folders, all in one that is made with the first of them and told of then. They throw `disk`. */
export const scratchIn = (onHome: (dir: string) => void): ((label: string) => string) => {
  let home: string | undefined;
  return (label) => {
    try {
      // None is worked in that does not say whose it is.
      home ??= makeHome(onHome);
      return mkdtempSync(join(home, `${label}-`));
    } catch (cause) {
      const path = tmpdir();
      throw diskError({ problem: `no folder for work in passing can be made in ${path}`, path, cause });
    }
  };
};

const isOwner = (owner: Owner): boolean =>
  typeof owner === 'object' && Number.isInteger(owner?.pid) && owner.pid > 0 && typeof owner.host === 'string';

/**
 * The folder that homes lie in is everybody's: only a folder of this user's that nobody else may write in counts, and in
 * it only a plain file of this user's. Through no link, nor from a pipe or a device, which would be waited for for ever.
 */
const deedOf = (home: string): Deed | null =>
  firstOf(() => {
    const path = join(home, nameOfDeed);
    const user = process.geteuid?.();
    const [folder, file] = [lstatSync(home), lstatSync(path)];
    if (!folder.isDirectory() || folder.uid !== user || (folder.mode & 0o022) !== 0) return null;
    if (!file.isFile() || file.uid !== user) return null;
    const deed = JSON.parse(readFileSync(path, 'utf8')) as Deed;
    return isOwner(deed.owner) && typeof deed.marks === 'string' && /^[0-9a-f]{16}$/.test(deed.marks) ? deed : null;
  });

/** The deed goes last: what is left of a home that could not be removed, or not yet, is still known for one. */
const removeHome = (home: string): string | null => {
  const names = firstOf(() => readdirSync(home)) ?? [];
  for (const name of names.filter((one) => one !== nameOfDeed)) {
    const trouble = removeFolder(join(home, name));
    if (trouble !== undefined) return reasonOf(trouble);
  }
  const trouble = removeFolder(home);
  return trouble === undefined ? null : reasonOf(trouble);
};

/** Ends all that killed processes of this user had started beside their scratch folders, and removes those. */
export const clearAbandoned = (identity: Identity): readonly Abandoned[] =>
  (firstOf(() => readdirSync(tmpdir())) ?? [])
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => {
      const path = join(tmpdir(), name);
      const deed = deedOf(path);
      if (deed === null || identity.alive(deed.owner) !== 'dead') return [];
      const groups = identity.markedBy(deed.marks);
      const running = groups.filter(({ leader }) => identity.endGroup(leader) === 'running');
      const left = running.length === 0 ? removeHome(path) : null;
      const over = groups.filter((group) => !running.includes(group));
      const commands = (some: typeof groups) => some.flatMap((group) => group.commands);
      return [{ path, ended: commands(over), running: commands(running), left }];
    });
