import { chmodSync, readdirSync, rmSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from '../../../src/cli/actions/backup-check.ts';
import { runDiff } from '../../../src/cli/actions/backup-diff.ts';
import { runPrune } from '../../../src/cli/actions/backup-prune.ts';
import { runShow } from '../../../src/cli/actions/backup-show.ts';
import type { Call } from '../../../src/cli/call.ts';
import { runCommand } from '../../../src/cli/program.ts';
import { flipBit } from '../../fixtures/backup-store.ts';
import { machineWorld } from '../../fixtures/machine-ports.ts';
import { type PlainWorld, plainWorld } from '../../fixtures/plain-world.ts';
import { put } from '../../fixtures/sandbox.ts';
import { spoken } from '../../fixtures/spoken.ts';

let world: PlainWorld;
let ids: readonly string[];
/** Two backups of `app`, newest first, which differ in `docs/a.md` alone. */
beforeEach(async () => {
  world = await plainWorld(['app']);
  const app = world.at('app');
  for (const n of [1, 2]) {
    put(app, { 'docs/a.md': `a${n}\n`, 'plans/p.md': 'p1\n' });
    await world.main.backups.create({
      target: 'app',
      run: `run-${n}`,
      components: ['docs', 'plans'],
      entries: [
        { path: 'docs/a.md', component: 'docs', absolute: join(app, 'docs/a.md') },
        { path: 'plans/p.md', component: 'plans', absolute: join(app, 'plans/p.md') },
      ],
      receipt: null,
      checkout: null,
    });
  }
  ids = world.main.backups.list('app').map(({ id }) => id);
});

const say = (command: (call: Call) => Promise<number>) => spoken(world, command);
const idAt = (nth: number): string => ids[nth] ?? '';
const onlyPack = (): string => {
  const { packs } = world.main.state;
  const names = readdirSync(packs).filter((name) => name.endsWith('.pack'));
  return join(packs, names.at(-1) ?? '');
};

describe('backup show', () => {
  it('says what a backup holds and that it is whole; four letters are enough to name it', async () => {
    const { exit, lines, object } = await say((call) => runShow(call, idAt(0).slice(-4), { files: true }));
    expect(exit).toBe(0);
    expect(lines[0]).toBe(`${idAt(0)} of app`);
    expect(lines[1]).toMatch(/^made .* in run run-2$/);
    expect(lines).toContain('  docs   1 file  3 B');
    expect(lines.filter((line) => line.endsWith('docs/a.md'))).toEqual(['  0644  docs   3 B  docs/a.md']);
    expect(lines.at(-1)).toBe(`next  lockstep target restore app --backup ${idAt(0)} --dry-run`);
    expect(object).toMatchObject({ kind: 'backup.show', id: idAt(0), files: 2, lost: [] });
  });

  it('names what of it cannot be restored, and does not pass', async () => {
    truncateSync(onlyPack(), 30);
    const { exit, lines } = await say((call) => runShow(call, idAt(0), {}));
    expect(exit).toBe(5);
    expect(lines.some((line) => /docs\/a\.md {2}docs: its object is missing/.test(line))).toBe(true);
  });

  it('knows no other backup, and says which one is near', async () => {
    const wrong = idAt(0).replace(/^app/, 'apq');
    await expect(say((call) => runShow(call, wrong, {}))).rejects.toMatchObject({
      code: 'unknown-name',
      hint: `did you mean ${idAt(0)}?`,
    });
    await expect(say((call) => runShow(call, 'app-', {}))).rejects.toMatchObject({
      code: 'usage',
      details: [...ids].sort(),
    });
  });
});

describe('backup diff', () => {
  it('tells what differs between two backups', async () => {
    const { exit, lines } = await say((call) => runDiff(call, idAt(1), idAt(0)));
    expect(exit).toBe(0);
    expect(lines[0]).toBe(`from ${idAt(1)} to ${idAt(0)}`);
    expect(lines).toContain('  ~ docs/a.md  docs: content 3 B → 3 B, time');
    expect(lines.at(-1)).toBe('+0 ~1 -0, 1 file of another time alone');
    expect((await say((call) => runDiff(call, idAt(0), idAt(0)))).lines.at(-1)).toBe('nothing differs');
  });

  it('tells what became of the target since', async () => {
    const app = world.at('app');
    chmodSync(join(app, 'plans/p.md'), 0o755);
    rmSync(join(app, 'docs/a.md'));
    const { lines, object } = await say((call) => runDiff(call, idAt(0), undefined));
    expect(lines[0]).toBe(`from ${idAt(0)} to app as it stands`);
    expect(lines).toContain('  - docs/a.md  docs: 3 B');
    expect(lines.find((line) => line.includes('plans/p.md'))).toContain('mode 0644 → 0755');
    expect(object).toMatchObject({
      kind: 'backup.diff',
      before: idAt(0),
      after: null,
      counts: { removed: 1, changed: 1 },
    });
  });

  it('counts what differs in its time alone apart', async () => {
    utimesSync(join(world.at('app'), 'docs/a.md'), 1, 1);
    const { lines } = await say((call) => runDiff(call, idAt(0), undefined));
    expect(lines.at(-1)).toBe('+0 ~0 -0, 1 file of another time alone');
  });
});

describe('backup check', () => {
  it('passes when all is whole', async () => {
    const { exit, lines } = await say((call) => runCheck(call, [], { readData: true }));
    expect(exit).toBe(0);
    expect(lines[0]).toMatch(/^2 backups can be restored whole: every byte was read; 3 objects, /);
  });

  it('names the files of the backups that a flipped bit takes, and that others are whole', async () => {
    flipBit(onlyPack(), 'a2\n');
    expect((await say((call) => runCheck(call, [], {}))).exit).toBe(0);
    const { exit, lines, object } = await say((call) => runCheck(call, ['app'], { readData: true }));
    expect(exit).toBe(4);
    expect(lines[0]).toBe(`✗ ${idAt(0)}: 1 file cannot be restored`);
    expect(lines[1]).toBe('    docs/a.md  docs: its object is damaged');
    expect(object).toMatchObject({ kind: 'backup.check', depth: 'data', unreadable: [] });
  });

  it('counts a list that cannot be read as a backup that cannot be restored', async () => {
    flipBit(join(world.main.state.backups, 'app', `${idAt(0)}.json`), 90);
    const { exit, lines } = await say((call) => runCheck(call, [], {}));
    expect(exit).toBe(4);
    expect(lines[0]).toMatch(new RegExp(`^✗ ${idAt(0)} cannot be restored: .*damaged`));
  });

  it('does not pass when none can be restored, and knows its targets', async () => {
    const { packs } = world.main.state;
    for (const name of readdirSync(packs)) rmSync(join(packs, name));
    expect((await say((call) => runCheck(call, [], {}))).exit).toBe(5);
    await expect(say((call) => runCheck(call, ['apb'], {}))).rejects.toMatchObject({ code: 'unknown-target' });
  });
});

describe('backup prune', () => {
  it('says of each backup what becomes of it and why, then how much space that gives back', async () => {
    const project = { ...world.main.project, backups: { usual: { keepLast: 1, keepWithin: null }, targets: {} } };
    world = { ...world, main: { ...world.main, project } };
    const dry = await say((call) => runPrune(call, { dryRun: true }));
    expect(dry.exit).toBe(0);
    expect(dry.lines[0]).toMatch(new RegExp(`= ${idAt(0)} .* kept +it is the newest$`));
    expect(dry.lines[1]).toMatch(new RegExp(`- ${idAt(1)} .* removed +1 newer one is kept$`));
    expect(dry.lines[2]).toBe('1 backup would be removed, 1 stay');
    expect(dry.lines[3]).toMatch(/^\d+ B would be given back; \d+ B stay$/);
    const done = await say((call) => runPrune(call, {}));
    expect(done.lines[2]).toBe('1 backup was removed, 1 stay');
    expect(world.main.backups.list('app').map(({ id }) => id)).toEqual([idAt(0)]);
  });

  it('does not pass when damage keeps space from being given back', async () => {
    flipBit(join(world.main.state.backups, 'app', `${idAt(0)}.json`), 90);
    const { exit, lines } = await say((call) => runPrune(call, {}));
    expect(exit).toBe(4);
    expect(lines.at(-1)).toContain('--drop-damaged');
  });
});

it('each answers a program with one object, and a typing mistake with what was meant', async () => {
  const out: string[] = [];
  const err: string[] = [];
  const typed = (...words: readonly string[]): Promise<number> =>
    runCommand(
      machineWorld(world.root, { out: (line) => void out.push(line), err: (line) => void err.push(line) }),
      words,
    );
  const calls = [
    ['backup', 'show', idAt(0)],
    ['backup', 'diff', idAt(1), idAt(0)],
    ['backup', 'diff', idAt(0)],
    ['backup', 'check', '--read-data'],
    ['backup', 'prune', '--dry-run'],
  ];
  for (const words of calls) expect(await typed(...words, '--json')).toBe(0);
  const objects = out.map((line) => JSON.parse(line) as { readonly kind: string });
  expect(objects.map(({ kind }) => kind)).toEqual([
    'backup.show',
    'backup.diff',
    'backup.diff',
    'backup.check',
    'backup.prune',
  ]);
  expect(err).toEqual([]);
  expect(await typed('backup', 'prunne')).toBe(2);
  expect(err.join('\n')).toContain('did you mean backup prune?');
});
