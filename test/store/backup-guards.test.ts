import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openBackups } from '../../src/store/backups.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

it('keeps no large file under the digest of other bytes: one that changed while it was copied is taken again', async () => {
  const root = temporary('target');
  const path = join(root, 'model.bin');
  writeFileSync(path, 'a model\n');
  // Large enough to be copied piece by piece, after it was hashed.
  truncateSync(path, (64 << 20) + 1);
  const real = statePorts();
  let beginnings = 0;
  const readRange: typeof real.files.readRange = (from, offset, length) => {
    const bytes = real.files.readRange(from, offset, length);
    if (from !== path || offset > 0) return bytes;
    beginnings += 1;
    // The second reading is the copying.
    return beginnings === 2 ? Buffer.concat([Buffer.from('A'), bytes.subarray(1)]) : bytes;
  };
  const places = statePlaces(join(temporary('state'), 'lockstep'));
  const store = openBackups({ ...real, files: { ...real.files, readRange } }, places);
  const manifest = await store.create({
    target: 'comfyui',
    run: 'run-1',
    components: ['docs'],
    entries: [{ path: 'model.bin', component: 'docs', absolute: path }],
    receipt: null,
    checkout: null,
  });
  const state = manifest.entries[0]?.state;
  if (state?.kind !== 'file') throw new Error('it holds no file');
  expect(state.size).toBe((64 << 20) + 1);
  expect(store.read(state.sha256).subarray(0, 8).toString()).toBe('a model\n');
});
