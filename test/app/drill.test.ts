import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupTarget } from '../../src/app/backup.ts';
import { drill } from '../../src/app/drill.ts';
import { lookAtTargets } from '../../src/app/status.ts';
import { runCommand } from '../../src/cli/program.ts';
import { readDrill, saveDrill } from '../../src/store/drills.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { type PlainWorld, plainWorld } from '../fixtures/plain-world.ts';
import { put } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

let world: PlainWorld;
let dir = '';
beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-drill-')));
  world = await plainWorld(['app'], 'own', dir);
  await world.run(['app']);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const tryIt = () => drill(world.main, { target: 'app', ...world.request });
const status = async () => (await lookAtTargets(world.main, { ...world.request, targets: { names: ['app'] } }))[0];
const lockstep = async (...argv: readonly string[]): Promise<{ code: number; said: string }> => {
  const lines: string[] = [];
  const out = (line: string): void => void lines.push(line);
  const code = await runCommand(machineWorld(world.root, { out, err: out }), argv);
  return { code, said: lines.join('\n') };
};
const packs = (): readonly string[] =>
  readdirSync(world.main.state.packs)
    .filter((name) => name.endsWith('.pack'))
    .map((name) => join(world.main.state.packs, name));

describe('a rollback drill', () => {
  it('brings the newest backup back in empty folders, compares it with the target, and touches nothing of it', async () => {
    expect((await status())?.rollback).toBeNull();
    await backupTarget(world.main, { target: 'app', ...world.request });
    put(world.at('app'), { 'docs/a.md': 'mine\n' });
    const before = treeHash(world.at('app'));
    const { last, proven } = await tryIt();
    expect(last).toMatchObject({ outcome: 'passed', backup: world.main.backups.list('app')[0]?.id });
    expect(last.parts).toMatchObject([
      {
        name: 'restore',
        outcome: 'passed',
        cause: expect.stringMatching(/^\d+ paths of app-\S+ came back as they were$/),
      },
      { name: 'live', outcome: 'passed', details: ['docs/a.md: changed since'] },
      { name: 'package', outcome: 'nothing', cause: 'the backup holds no package' },
    ]);
    expect(proven).toEqual({ time: last.time, backup: last.backup });
    expect(treeHash(world.at('app'))).toBe(before);
  });

  it('is told by status and target show, with the time in the JSON', async () => {
    const { said } = await lockstep('sync', 'status');
    expect(said).toContain('app: rollback proven today');
    expect((await lockstep('target', 'show', 'app')).said).toMatch(/rollback +proven today/);
    const { proven } = readDrill(world.ports, world.main.state, 'app') ?? {};
    const [report] = JSON.parse((await lockstep('sync', 'status', '--json')).said).targets;
    expect(report).toMatchObject({ rollbackProven: proven?.time, drill: { outcome: 'passed' } });
    const earlier = readDrill(world.ports, world.main.state, 'app');
    if (earlier?.proven == null) throw new Error('nothing was proven');
    const time = new Date(Date.now() - 3.5 * 24 * 60 * 60 * 1000).toISOString();
    const record = { last: { ...earlier.last, time }, proven: { ...earlier.proven, time } };
    saveDrill(world.ports, world.main.state, { target: 'app', record });
    expect((await status())?.rollback).toBe('rollback proven 3 days ago');
  });

  it('that meets damage fails, names the files, and status says so', async () => {
    const saved = packs().map((path) => [path, readFileSync(path)] as const);
    for (const [path, bytes] of saved) {
      const flipped = Buffer.from(bytes);
      const at = flipped.indexOf('a1\n');
      if (at !== -1) flipped[at] = 0x62;
      writeFileSync(path, flipped);
    }
    const { code, said } = await lockstep('target', 'drill', 'app');
    for (const [path, bytes] of saved) writeFileSync(path, bytes);
    expect(code).toBe(5);
    expect(said).toMatch(/app rollback not proven: the drill failed; it was last proven by app-/);
    expect(said).toMatch(/docs\/a\.md \(docs\): its object is damaged/);
    expect((await status())?.rollback).toMatch(/^rollback drill failed today \(proven 3 days ago\): /);
    expect((await tryIt()).last.outcome).toBe('passed');
  });

  it('tries the newest backup also when its list is damaged, and no older one instead', async () => {
    put(world.at('app'), { 'docs/a.md': 'mine again\n' });
    const { manifest } = await backupTarget(world.main, { target: 'app', ...world.request });
    const { id } = manifest;
    const folder = join(world.main.state.backups, 'app');
    const list = join(folder, `${id}.json`);
    expect(existsSync(list)).toBe(true);
    const text = readFileSync(list, 'utf8');
    writeFileSync(list, text.replace('docs/a.md', 'docs/b.md'));
    const { last } = await tryIt();
    writeFileSync(list, text);
    expect(last).toMatchObject({ outcome: 'failed', backup: null, cause: `its newest backup ${id} cannot be read` });
  });

  it('that has nothing to try, or no target to look at, could not run', async () => {
    const other = await plainWorld(['fresh']);
    const { last, proven } = await drill(other.main, { target: 'fresh', ...other.request });
    expect(last).toMatchObject({
      outcome: 'could-not-run',
      backup: null,
      cause: expect.stringContaining('no backup yet'),
    });
    expect(proven).toBeNull();
    await other.run(['fresh']);
    await backupTarget(other.main, { target: 'fresh', ...other.request });
    rmSync(other.at('fresh'), { recursive: true });
    const gone = await drill(other.main, { target: 'fresh', ...other.request });
    expect(gone.last.parts).toMatchObject([
      { name: 'restore', outcome: 'passed' },
      { name: 'live', outcome: 'could-not-run' },
      { name: 'package', outcome: 'could-not-run' },
    ]);
    expect(gone.last.outcome).toBe('could-not-run');
  });
});
