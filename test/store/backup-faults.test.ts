import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup.ts';
import { checkBackups } from '../../src/store/backups/check.ts';
import { reclaim } from '../../src/store/backups/reclaim.ts';
import { openBackups } from '../../src/store/backups.ts';
import { sha256 } from '../../src/store/main-tree.ts';
import { type StatePlaces, statePlaces } from '../../src/store/state-dir.ts';
import { type KeptTrees, keptTrees } from '../fixtures/backup-store.ts';
import { Killed, killableState } from '../fixtures/killable.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { noMount, smallDisk } from '../fixtures/small-disk.ts';
import { bundle, statePorts } from '../fixtures/state-ports.ts';

const digestsOf = (manifests: readonly BackupManifest[]): ReadonlySet<string> =>
  new Set(
    manifests.flatMap(({ entries }) => entries.flatMap(({ state }) => (state.kind === 'file' ? [state.sha256] : []))),
  );

/** What an action throws; undefined when it does not. */
const thrown = (action: () => unknown): unknown => {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
};

/** A folder as another one is, and nothing else. */
const copyOf = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
};

/** Files of a store, sorted. */
const filesOf = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .sort();

const giveBack = ({ ports, places, store }: KeptTrees, state = ports.state) =>
  reclaim(
    { files: ports.files, state, dir: places.packs },
    { needed: digestsOf(store().list()), now: ports.clock.now(), signal: new AbortController().signal },
  );

const allWhole = ({ store }: KeptTrees, manifests: readonly BackupManifest[]): void => {
  for (const { target, id } of manifests)
    for (const digest of digestsOf([store().get(target, id)]))
      expect(sha256(store().read(digest).toString())).toBe(digest);
};

describe('one flipped bit', () => {
  it('anywhere in a store is found and named, or harms nothing; no wrong byte is ever handed out', async () => {
    const whole = keptTrees();
    const files = { a: 'first text', b: 'second text', c: 'third text' };
    const made = [await whole.keep(files), await whole.keep({ ...files, d: 'fourth text' }, 'portable')];
    const dir = temporary('flipped');
    const places = statePlaces(dir);
    const store = () => openBackups(whole.ports, places);
    const flips = fc.tuple(fc.nat(), fc.nat(), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(flips, async ([nth, place, bit]) => {
        copyOf(whole.places.dir, dir);
        const paths = filesOf(join(dir, 'store'));
        const path = paths[nth % paths.length] ?? '';
        const bytes = readFileSync(path);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, bytes);

        const readable = made.filter(({ target, id }) => {
          try {
            expect(store().get(target, id)).toEqual(made.find((one) => one.id === id));
            return true;
          } catch (error) {
            // A format of one more bit is a newer one.
            expect(['backup-damaged', 'format-newer']).toContain((error as { code?: string }).code);
            return false;
          }
        });
        let lost: readonly string[] = [];
        try {
          lost = checkBackups(whole.ports.files, places.packs, { manifests: readable, depth: 'data' }).backups.flatMap(
            ({ id, lost: files }) => files.map(({ sha256: digest }) => `${id} ${digest}`),
          );
        } catch (error) {
          expect(error).toMatchObject({ code: 'format-newer' });
          return;
        }
        for (const manifest of readable) {
          for (const digest of digestsOf([manifest])) {
            const damaged = lost.includes(`${manifest.id} ${digest}`);
            if (!damaged) expect(sha256(store().read(digest).toString())).toBe(digest);
            else expect(thrown(() => store().read(digest))).toMatchObject({ code: 'backup-damaged' });
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a kill at any writing call', () => {
  it('of a backup leaves every earlier one whole, and the next one is', async () => {
    const trees = keptTrees();
    const first = await trees.keep({ a: 'one', b: 'two' });
    const base = temporary('base');
    copyOf(trees.places.dir, base);
    const dir = trees.places.dir;
    const killed = async (at: number, how: 'before' | 'halfway'): Promise<number> => {
      copyOf(base, dir);
      const dying = killableState(trees.ports.state, { at, how });
      const work = openBackups({ ...trees.ports, state: dying.state }, trees.places).create({
        target: 'comfyui',
        run: null,
        components: ['docs'],
        entries: ['new', 'newer'].map((path) => ({ path, component: 'docs', absolute: join(dir, '..', path) })),
        receipt: null,
        checkout: null,
      });
      await (at === Number.POSITIVE_INFINITY ? work : expect(work).rejects.toThrow(Killed));
      return dying.calls.length;
    };
    for (const name of ['new', 'newer']) writeFileSync(join(dir, '..', name), name);
    const calls = await killed(Number.POSITIVE_INFINITY, 'before');
    expect(calls).toBeGreaterThan(6);
    for (let at = 1; at <= calls; at += 1) {
      for (const how of ['before', 'halfway'] as const) {
        await killed(at, how);
        expect(trees.store().damaged()).toEqual([]);
        allWhole(trees, trees.store().list());
        expect(trees.store().list()).toContainEqual(first);
        const next = await trees.keep({ new: 'new', newer: 'newer' });
        allWhole(trees, [first, next]);
        giveBack(trees);
        allWhole(trees, [first, next]);
      }
    }
  });
});

const mountless = noMount();
describe.skipIf(mountless !== undefined)(`a full disk${mountless === undefined ? '' : ` (${mountless})`}`, () => {
  const large = (kilobytes: number): string => randomBytes(kilobytes * 512).toString('hex');

  it('is named by a backup that finds no room; nothing half made stays, and what was kept is whole', async () => {
    const trees = keptTrees({ disk: smallDisk(300) });
    const kept = await trees.keep({ a: large(100) });
    await expect(trees.keep({ b: large(250) })).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringMatching(/^no backup of comfyui could be made, so nothing was touched: .*ENOSPC/),
      hint: expect.stringContaining('df -h'),
    });
    expect(trees.packs()).toHaveLength(1);
    expect(trees.store().list()).toEqual([kept]);
    allWhole(trees, [kept]);
    allWhole(trees, [kept, await trees.keep({ c: large(100) })]);
  });

  it('lets pruning take away what needs no room; it loses nothing where it needs some and finds none', async () => {
    const disk = smallDisk(500);
    const trees = keptTrees({ disk });
    await trees.keep({ a: large(60) }, 'gone');
    await trees.keep({ b: large(110), c: large(110) });
    const kept = await trees.keep({ b: large(20) });
    const [, second] = trees.store().list();
    const needed = new Set([...digestsOf([kept]), [...digestsOf(second ? [second] : [])][0] ?? '']);
    const fill = join(disk, 'full');
    writeFileSync(fill, Buffer.alloc(150 << 10));
    const { files, state, clock } = trees.ports;
    const give = () =>
      reclaim(
        { files, state, dir: trees.places.packs },
        { needed, now: clock.now(), signal: new AbortController().signal },
      );
    const before = trees.bytes();
    expect(thrown(give)).toMatchObject({ code: 'disk', message: expect.stringContaining('ENOSPC') });
    expect(trees.bytes()).toBeLessThan(before - (59 << 10));
    for (const digest of needed) expect(sha256(trees.store().read(digest).toString())).toBe(digest);
    writeFileSync(fill, '');
    give();
    expect(trees.bytes()).toBeLessThan(132 << 10);
    for (const digest of needed) expect(sha256(trees.store().read(digest).toString())).toBe(digest);
  });
});

describe('several processes', () => {
  it('that make, drop and prune backups at once, two of them killed, lose nothing that was acknowledged', async () => {
    const dir = temporary('busy');
    const program = bundle('store/children/busy-with-backups.ts', join(dir, 'busy.mjs'));
    const places: StatePlaces = statePlaces(join(dir, 'state'));
    const children = ['one', 'two', 'three'].map((who) => {
      const child = spawn(process.execPath, [program, places.dir, who], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
        child.once('close', (code, signal) => resolve(signal ?? code)),
      );
      const lines = (): readonly string[] => said.split('\n').slice(0, -1);
      return { child, ended, lines };
    });
    const [one, two, three] = children;
    const enough = async (count: number): Promise<void> => {
      for (let waited = 0; waited < 2000; waited += 1) {
        if (children.every(({ lines, child }) => child.killed || lines().length >= count)) return;
        await sleep(20);
      }
      throw new Error('the children did not get on');
    };
    await enough(8);
    one?.child.kill('SIGKILL');
    await enough(14);
    two?.child.kill('SIGKILL');
    await enough(20);
    three?.child.kill('SIGTERM');
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(['SIGKILL', 'SIGKILL', 0]);

    const store = openBackups(statePorts(), places);
    expect(store.damaged()).toEqual([]);
    for (const { lines } of children) {
      // A dropping is announced before it is done: it may have been, or not.
      const dropped = new Set(lines().flatMap((line) => (line.startsWith('drop ') ? [line.slice(5)] : [])));
      const made = lines().flatMap((line) => (line.startsWith('made ') ? [line.slice(5)] : []));
      expect(made.length).toBeGreaterThan(3);
      for (const id of made.filter((one) => !dropped.has(one))) {
        const manifest = store.get(id.replace(/-\d{8}T.*/, ''), id);
        for (const digest of digestsOf([manifest])) expect(sha256(store.read(digest).toString())).toBe(digest);
      }
    }
    expect(lines(children)).toBeGreaterThan(0);
    expect(existsSync(places.packs)).toBe(true);
  });
});

const lines = (children: readonly { readonly lines: () => readonly string[] }[]): number =>
  children.flatMap((one) => one.lines()).filter((line) => line === 'pruned').length;
