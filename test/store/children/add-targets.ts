/** Adds targets to a registry one by one and acknowledges each on standard output. */
import { writeSync } from 'node:fs';
import { openRegistry } from '../../../src/store/registry.ts';
import { statePlaces } from '../../../src/store/state-dir.ts';
import { statePorts } from '../../fixtures/state-ports.ts';

const [dir = '', who = '', count = '0'] = process.argv.slice(2);
const registry = openRegistry(statePorts(), statePlaces(dir));
for (let index = 0; index < Number(count); index += 1) {
  const name = `t-${who}-${index}`;
  await registry.update((current) => ({
    ...current,
    targets: [
      ...current.targets,
      { name, path: name, type: 'source', last_sync: null, sync_version: null, status: 'unknown' },
    ],
  }));
  writeSync(1, `${name}\n`);
}
