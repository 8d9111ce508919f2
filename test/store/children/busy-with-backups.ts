/** Makes backups, drops old ones of its own and prunes, over and over, and acknowledges each on standard output, until it is told to end. */
import { mkdtempSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LockstepError } from '../../../src/domain/errors.ts';
import { packsAlone } from '../../../src/store/backups/claims.ts';
import { dropManifests } from '../../../src/store/backups/drop.ts';
import { reclaim } from '../../../src/store/backups/reclaim.ts';
import { openBackups } from '../../../src/store/backups.ts';
import { statePlaces } from '../../../src/store/state-dir.ts';
import { statePorts } from '../../fixtures/state-ports.ts';

const [dir = '', who = ''] = process.argv.slice(2);
const ports = statePorts();
const places = statePlaces(dir);
const tree = mkdtempSync(join(dirname(dir), 'tree-'));
const say = (line: string): void => void writeSync(1, `${line}\n`);
let goOn = true;
process.once('SIGTERM', () => {
  goOn = false;
});

const make = async (round: number): Promise<void> => {
  // `shared` is the same in every process: one may take it for kept while another prunes.
  const files = { shared: `shared ${round % 3}`.repeat(300), own: `${who} ${round}`.repeat(300) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(tree, name), text);
  const { id } = await openBackups(ports, places).create({
    target: who,
    run: null,
    components: ['docs'],
    entries: Object.keys(files).map((path) => ({ path, component: 'docs', absolute: join(tree, path) })),
    receipt: null,
    checkout: null,
  });
  say(`made ${id}`);
};

const prune = async (): Promise<void> => {
  const signal = new AbortController().signal;
  const lock = await packsAlone(ports, places, { what: 'prune', waitMs: 20_000, signal });
  try {
    const store = openBackups(ports, places);
    const old = store.list(who).slice(2);
    for (const { id } of old) say(`drop ${id}`);
    dropManifests(ports, places, new Set(old.map(({ id }) => id)));
    const needed = new Set(
      store
        .list()
        .flatMap(({ entries }) => entries.flatMap(({ state }) => (state.kind === 'file' ? [state.sha256] : []))),
    );
    reclaim({ files: ports.files, state: ports.state, dir: places.packs }, { needed, now: new Date(), signal });
    say('pruned');
  } finally {
    lock.release();
  }
};

for (let round = 0; goOn; round += 1) {
  await make(round);
  try {
    if (round % 3 === 2) await prune();
  } catch (error) {
    // The others were at it all the time.
    if (!(error instanceof LockstepError) || error.code !== 'locked') throw error;
  }
  await new Promise((resolve) => setImmediate(resolve));
}
