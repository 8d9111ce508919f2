/** Folders for work in passing: those of one process lie in one, which says whose they are, so that what the killed left is found. */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Abandoned, Identity, Owner } from '../ports.ts';
import { processIdentity } from './process-identity.ts';
import { ofThisProcess } from './process-marks.ts';
import { firstOf } from './process-table.ts';

const prefix = 'lockstep-';
const nameOfDeed = 'owner.json';

/** Stands in each home. */
interface Deed {
  readonly owner: Owner;
  /** What the marks of all that the owner starts begin with. */
  readonly marks: string;
}

/** Makes folders, all in one that is made with the first of them and told of then. */
export const scratchIn = (onHome: (dir: string) => void): ((label: string) => string) => {
  let home: string | undefined;
  return (label) => {
    if (home === undefined) {
      home = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
      onHome(home);
      const deed: Deed = { owner: processIdentity().self(), marks: ofThisProcess };
      const handle = openSync(join(home, nameOfDeed), 'wx', 0o600);
      try {
        writeFileSync(handle, JSON.stringify(deed));
      } finally {
        closeSync(handle);
      }
    }
    return mkdtempSync(join(home, `${label}-`));
  };
};

/** Only what this user wrote counts: the folder that homes lie in is everybody's. */
const deedOf = (home: string): Deed | null =>
  firstOf(() => {
    const path = join(home, nameOfDeed);
    if (statSync(path).uid !== process.getuid?.()) return null;
    const deed = JSON.parse(readFileSync(path, 'utf8')) as Deed;
    return /^[0-9a-f]{16}$/.test(deed.marks) ? deed : null;
  });

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
      if (running.length === 0) rmSync(path, { recursive: true, force: true });
      const over = groups.filter((group) => !running.includes(group));
      const commands = (some: typeof groups) => some.flatMap((group) => group.commands);
      return [{ path, ended: commands(over), running: commands(running) }];
    });
