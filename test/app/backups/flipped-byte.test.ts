import { lstatSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backupTarget } from '../../../src/app/backup.ts';
import { verify as verifyTargets } from '../../../src/app/verify.ts';
import { sha256 } from '../../../src/store/main-tree.ts';
import { plainWorld } from '../../fixtures/plain-world.ts';

it('a byte flipped in a file, with size and time put back, is found by the next backup and by verify', async () => {
  const world = await plainWorld(['app']);
  await world.run(['app']);
  const { main, request } = world;
  const path = join(world.at('app'), 'docs/a.md');
  const shaOf = ({ manifest }: Awaited<ReturnType<typeof backupTarget>>): unknown => {
    const state = manifest.entries.find((entry) => entry.path === 'docs/a.md')?.state;
    return state?.kind === 'file' ? state.sha256 : state;
  };
  const verify = async () =>
    (await verifyTargets(main, { ...request, targets: 'all', suites: ['docs'], emit: () => {} }))[0];
  utimesSync(path, 1_600_000_000, 1_600_000_000);
  expect(shaOf(await backupTarget(main, { ...request, target: 'app' }))).toBe(sha256('a1\n'));
  expect(await verify()).toMatchObject({ passed: true });

  const before = lstatSync(path);
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, 1_600_000_000, 1_600_000_000);
  const after = lstatSync(path);
  expect([after.size, after.mtimeMs, after.ino]).toEqual([before.size, before.mtimeMs, before.ino]);

  expect(shaOf(await backupTarget(main, { ...request, target: 'app' }))).toBe(sha256(bytes.toString()));
  expect(await verify()).toMatchObject({ passed: false });
  expect(JSON.stringify(await verify())).toContain('docs/a.md');
});
