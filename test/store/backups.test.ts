import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Files, StateFiles } from '../../src/ports.ts';
import { type BackupStore, openBackups } from '../../src/store/backups.ts';
import { sha256 } from '../../src/store/main-tree.ts';
import { type StatePlaces, statePlaces } from '../../src/store/state-dir.ts';
import { put, temporary } from '../fixtures/sandbox.ts';
import { type StatePorts, statePorts } from '../fixtures/state-ports.ts';

interface Bench {
  readonly root: string;
  readonly places: StatePlaces;
  readonly ports: StatePorts;
  /** Paths whose content was read from the target. */
  readonly reads: string[];
  readonly store: BackupStore;
  readonly create: (paths?: readonly string[], component?: string) => ReturnType<BackupStore['create']>;
}

/** A store and a folder to back up. The clock runs an hour ahead, so that fresh files count as long settled. */
const bench = (change: { files?: Partial<Files>; state?: Partial<StateFiles>; ahead?: number } = {}): Bench => {
  const root = temporary('target');
  const real = statePorts();
  const reads: string[] = [];
  const counted = <T>(path: string, value: () => T): T => {
    if (path.startsWith(root)) reads.push(path);
    return value();
  };
  const ports: StatePorts = {
    ...real,
    files: {
      ...real.files,
      read: (path) => counted(path, () => real.files.read(path)),
      readRange: (path, offset, length) => counted(path, () => real.files.readRange(path, offset, length)),
      state: (path) => counted(path, () => real.files.state(path)),
      ...change.files,
    },
    state: { ...real.state, ...change.state },
    clock: { now: () => new Date(Date.now() + (change.ahead ?? 3_600_000)), ticks: () => performance.now() },
  };
  const places = statePlaces(join(temporary('state'), 'lockstep'));
  const store = openBackups(ports, places);
  const create: Bench['create'] = (paths = readdirSync(root), component = 'docs') =>
    store.create({
      target: 'comfyui',
      run: 'run-1',
      components: [component],
      entries: paths.map((path) => ({ path, component, absolute: join(root, path) })),
      receipt: null,
      checkout: null,
    });
  return { root, places, ports, reads, store, create };
};

const packBytes = ({ places }: Bench): number =>
  existsSync(places.packs)
    ? readdirSync(places.packs)
        .filter((name) => name.endsWith('.pack'))
        .reduce((sum, name) => sum + statSync(join(places.packs, name)).size, 0)
    : 0;

const only = (dir: string, end: string): string => {
  const names = readdirSync(dir).filter((name) => name.endsWith(end));
  expect(names).toHaveLength(1);
  return join(dir, names[0] ?? '');
};

const flip = (path: string, at: number): void => {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
};

describe('a backup', () => {
  it('holds content, modes, links, times, empty folders and odd names', async () => {
    const b = bench();
    const odd = ['with space', 'line\nbreak', 'ünïcödé', 'n'.repeat(255), '-dash', '@at'];
    put(b.root, { 'empty.txt': '', 'run.sh': '#!/bin/sh\n', ...Object.fromEntries(odd.map((name) => [name, name])) });
    chmodSync(join(b.root, 'run.sh'), 0o750);
    utimesSync(join(b.root, 'run.sh'), 1_600_000_000, 1_600_000_000);
    symlinkSync('nowhere/at all', join(b.root, 'dangling'));
    lutimesSync(join(b.root, 'dangling'), 1_500_000_000, 1_500_000_000);
    mkdirSync(join(b.root, 'hollow'), { mode: 0o700 });
    const manifest = await b.create([...readdirSync(b.root), 'absent.txt']);
    expect(manifest.id).toMatch(/^comfyui-\d{8}T\d{6}Z-[0-9a-f]{4}$/);
    const entry = (path: string) => manifest.entries.find((candidate) => candidate.path === path);
    expect(entry('run.sh')).toEqual({
      path: 'run.sh',
      component: 'docs',
      state: { kind: 'file', sha256: sha256('#!/bin/sh\n'), mode: 0o750, size: 10 },
      mtimeNs: '1600000000000000000',
    });
    expect(entry('dangling')).toMatchObject({
      state: { kind: 'link', to: 'nowhere/at all' },
      mtimeNs: '1500000000000000000',
    });
    expect(entry('hollow')).toMatchObject({ state: { kind: 'dir', mode: 0o700 } });
    expect(entry('absent.txt')).toMatchObject({ state: { kind: 'absent' } });
    for (const path of odd) expect(b.store.read(sha256(path)).toString()).toBe(path);
    expect(b.store.read(sha256(''))).toHaveLength(0);
    expect(b.store.get('comfyui', manifest.id)).toEqual(manifest);
    expect(b.store.list('comfyui')).toEqual([manifest]);
    expect(b.store.list('another')).toEqual([]);
    expect(openBackups(b.ports, b.places).read(sha256('-dash')).toString()).toBe('-dash');
  });

  it('writes no pack and reads no file when nothing changed', async () => {
    const b = bench();
    put(b.root, { a: 'one', b: 'two', c: 'one' });
    await b.create();
    expect(b.reads).toHaveLength(3);
    const size = packBytes(b);
    const seen = statSync(join(b.places.seen, 'comfyui.json'), { bigint: true });
    b.reads.length = 0;
    const again = await openBackups(b.ports, b.places).create({
      target: 'comfyui',
      run: null,
      components: ['docs'],
      entries: ['a', 'b', 'c'].map((path) => ({ path, component: 'docs', absolute: join(b.root, path) })),
      receipt: null,
      checkout: null,
    });
    expect(b.reads).toEqual([]);
    expect(again.entries).toHaveLength(3);
    expect(packBytes(b)).toBe(size);
    expect(readdirSync(b.places.packs)).toHaveLength(2);
    expect(statSync(join(b.places.seen, 'comfyui.json'), { bigint: true }).ino).toBe(seen.ino);
  });

  it('is not made anew, and not a byte is written, when the newest one holds exactly what stands there', async () => {
    const written: string[] = [];
    const noting = statePorts().state;
    const b = bench({
      state: Object.fromEntries(
        Object.entries(noting).map(([name, call]) => [
          name,
          (...args: readonly unknown[]) => {
            written.push(`${name} ${args[0]}`);
            return (call as (...all: readonly unknown[]) => unknown)(...args);
          },
        ]),
      ),
    });
    put(b.root, { a: 'one', 'sub/b': 'two' });
    const request = (paths: readonly string[] = ['a', 'sub', 'sub/b']) => ({
      target: 'comfyui',
      run: null,
      components: ['docs'],
      entries: paths.map((path) => ({ path, component: 'docs', absolute: join(b.root, path) })),
      receipt: null,
      checkout: null,
    });
    const store = () => openBackups(b.ports, b.places);
    const first = await store().createUnlessSame(request());
    expect(first.made).toBe('now');
    written.length = 0;
    b.reads.length = 0;
    expect(await store().createUnlessSame(request())).toEqual({ manifest: first.manifest, made: 'before' });
    expect([written, b.reads]).toEqual([[], []]);

    const differs = async (what: () => void, paths?: readonly string[]): Promise<void> => {
      what();
      const { made, manifest } = await store().createUnlessSame(request(paths));
      expect(made).toBe('now');
      expect(await store().createUnlessSame(request(paths))).toEqual({ manifest, made: 'before' });
    };
    await differs(() => put(b.root, { a: 'two' }));
    await differs(() => utimesSync(join(b.root, 'a'), 1_600_000_000, 1_600_000_000));
    await differs(() => chmodSync(join(b.root, 'sub'), 0o700));
    await differs(() => put(b.root, { 'sub/b': null }));
    await differs(() => {}, ['a', 'sub']);
    // One that cannot be read is none that could be relied on.
    const [id = ''] = store()
      .list('comfyui')
      .map((one) => one.id);
    flip(join(b.places.backups, 'comfyui', `${id}.json`), 90);
    expect((await store().createUnlessSame(request(['a', 'sub']))).made).toBe('now');
  });

  it('stores equal content once, across paths and targets', async () => {
    const b = bench();
    put(b.root, { a: 'x'.repeat(10_000), b: 'x'.repeat(10_000) });
    await b.create(['a']);
    const size = packBytes(b);
    expect(size).toBeLessThan(11_000);
    await b.create(['b']);
    expect(packBytes(b)).toBe(size);
  });

  it('finds a changed byte though size and time were put back', async () => {
    const b = bench();
    put(b.root, { a: 'good' });
    utimesSync(join(b.root, 'a'), 1_600_000_000, 1_600_000_000);
    await b.create();
    writeFileSync(join(b.root, 'a'), 'evil');
    utimesSync(join(b.root, 'a'), 1_600_000_000, 1_600_000_000);
    const manifest = await b.create();
    expect(manifest.entries[0]?.state).toMatchObject({ sha256: sha256('evil') });
    expect(b.store.read(sha256('evil')).toString()).toBe('evil');
  });

  it('reads a file again that was as young as the clock is coarse when it was read', async () => {
    const b = bench({ ahead: 0 });
    put(b.root, { a: 'one' });
    await b.create();
    await b.create();
    expect(b.reads).toHaveLength(2);
  });

  it('reads a file again when its object is gone from the packs', async () => {
    const b = bench();
    put(b.root, { a: 'one', b: 'two' });
    await b.create();
    truncateSync(only(b.places.packs, '.pack'), 90);
    await openBackups(b.ports, b.places).create({
      target: 'comfyui',
      run: null,
      components: ['docs'],
      entries: ['a', 'b'].map((path) => ({ path, component: 'docs', absolute: join(b.root, path) })),
      receipt: null,
      checkout: null,
    });
    const fresh = openBackups(b.ports, b.places);
    expect([fresh.read(sha256('one')).toString(), fresh.read(sha256('two')).toString()]).toEqual(['one', 'two']);
  });

  it('notices a file that changes while it is read, and reads it again', async () => {
    const real = statePorts().files;
    let left = 2;
    const b: Bench = bench({
      files: {
        read: (path) => {
          const bytes = real.read(path);
          if (left-- > 0) writeFileSync(path, `changed ${left}`);
          return bytes;
        },
      },
    });
    put(b.root, { a: 'first' });
    const manifest = await b.create();
    expect(manifest.entries[0]?.state).toMatchObject({ sha256: sha256('changed 0') });
    expect(b.store.read(sha256('changed 0')).toString()).toBe('changed 0');
  });

  it('is not made, and says of what, when a file never stands still', async () => {
    const real = statePorts().files;
    let count = 0;
    const b = bench({
      files: {
        read: (path) => {
          const bytes = real.read(path);
          writeFileSync(path, `changed ${++count}`);
          return bytes;
        },
      },
    });
    put(b.root, { restless: 'first' });
    await expect(b.create()).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringMatching(/restless changed each of the 3 times/),
    });
    expect(b.store.list()).toEqual([]);
    expect(packBytes(b)).toBe(0);
  });

  it('is not made, and says of what, when a name is not UTF-8', async () => {
    const b = bench();
    writeFileSync(Buffer.concat([Buffer.from(`${b.root}/caf`), Buffer.from([0xe9])]), 'latin1');
    await expect(b.create()).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('is not UTF-8'),
    });
    expect(b.store.list()).toEqual([]);
  });

  it('is not made when a link leads to a name that is not UTF-8', async () => {
    const b = bench();
    symlinkSync(Buffer.from([0x63, 0xe9]), join(b.root, 'link'));
    await expect(b.create()).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('is not UTF-8'),
    });
  });

  it('is not made, and says of what, when a pipe stands there', async () => {
    const b = bench();
    spawnSync('mkfifo', [join(b.root, 'pipe')]);
    await expect(b.create()).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('pipe is neither'),
    });
  });

  it('is not made when a file cannot be read', async () => {
    const b = bench({
      files: {
        read: (path) => {
          throw Object.assign(new Error(`EACCES: ${path}`));
        },
      },
    });
    put(b.root, { secret: 'x' });
    await expect(b.create()).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('secret'),
    });
  });

  it('is not made when the disk does not hold what was written', async () => {
    const b: Bench = bench({
      state: {
        openNew: (path) => {
          const file = statePorts().state.openNew(path);
          return {
            ...file,
            finish: () => {
              file.finish();
              flip(path, statSync(path).size - 1);
            },
          };
        },
      },
    });
    put(b.root, { a: 'content' });
    await expect(b.create()).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('read back'),
    });
    expect(b.store.list()).toEqual([]);
    expect(readdirSync(b.places.packs)).toEqual([]);
  });

  it('is not made, and leaves no pack, when the disk is full', async () => {
    const b: Bench = bench({
      state: {
        openNew: (path) => {
          const file = statePorts().state.openNew(path);
          return {
            ...file,
            write: () => {
              throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
            },
          };
        },
      },
    });
    put(b.root, { a: 'content' });
    await expect(b.create()).rejects.toThrow();
    expect(readdirSync(b.places.packs)).toEqual([]);
  });

  it('does not exist before its manifest does', async () => {
    const b: Bench = bench({
      state: {
        createExclusive: () => {
          throw new Error('killed here');
        },
      },
    });
    put(b.root, { a: 'content' });
    await expect(b.create()).rejects.toThrow('killed here');
    expect(openBackups(b.ports, b.places).list()).toEqual([]);
    expect(openBackups(b.ports, b.places).damaged()).toEqual([]);
  });

  it('can be made by several stores at once', async () => {
    const b = bench();
    put(b.root, { a: 'shared', b: 'more' });
    const manifests = await Promise.all(
      Array.from({ length: 8 }, () =>
        openBackups(b.ports, b.places).create({
          target: 'comfyui',
          run: null,
          components: ['docs'],
          entries: [{ path: 'a', component: 'docs', absolute: join(b.root, 'a') }],
          receipt: null,
          checkout: null,
        }),
      ),
    );
    expect(new Set(manifests.map((manifest) => manifest.id)).size).toBe(8);
    expect(openBackups(b.ports, b.places).list()).toHaveLength(8);
  });

  it('copies a file that is larger than what is read at once', async () => {
    const b = bench();
    const big = Buffer.alloc(65 * 1024 * 1024, 'lockstep ');
    writeFileSync(join(b.root, 'big'), big);
    await b.create();
    expect(b.store.read(sha256(big)).equals(big)).toBe(true);
    await b.create();
    expect(packBytes(b)).toBeLessThan(big.length + 1000);
  });
});

describe('damage', () => {
  const damaged = async (): Promise<{ readonly b: Bench; readonly id: string; readonly fresh: () => BackupStore }> => {
    const b = bench();
    put(b.root, { first: 'first content', second: 'second content' });
    const { id } = await b.create();
    return { b, id, fresh: () => openBackups(b.ports, b.places) };
  };

  it('of an object is found, named with the files that need it, and leaves the others whole', async () => {
    const { b, id, fresh } = await damaged();
    const pack = only(b.places.packs, '.pack');
    flip(pack, readFileSync(pack).indexOf('first content'));
    expect(() => fresh().read(sha256('first content'))).toThrow(
      expect.objectContaining({
        code: 'backup-damaged',
        message: expect.stringContaining(sha256('first content')),
        details: [`needed by first of ${id}`],
      }),
    );
    expect(fresh().read(sha256('second content')).toString()).toBe('second content');
  });

  it('of an object is made good by the next backup of a path that will be touched; no other object is read', async () => {
    const { b, fresh } = await damaged();
    const pack = only(b.places.packs, '.pack');
    for (const text of ['first content', 'second content']) flip(pack, readFileSync(pack).indexOf(text));
    b.reads.length = 0;
    const again = (touched: readonly string[]) =>
      fresh().create({
        target: 'comfyui',
        run: 'run-2',
        components: ['docs'],
        entries: ['first', 'second'].map((path) => ({ path, component: 'docs', absolute: join(b.root, path) })),
        touched: new Set(touched),
        receipt: null,
        checkout: null,
      });
    await again(['first']);
    expect(b.reads).toEqual([join(b.root, 'first')]);
    expect(fresh().read(sha256('first content')).toString()).toBe('first content');
    expect(() => fresh().read(sha256('second content'))).toThrow(expect.objectContaining({ code: 'backup-damaged' }));
    // Whole again: nothing of the target is read, and nothing more is stored.
    b.reads.length = 0;
    const size = packBytes(b);
    await again(['first']);
    expect(b.reads).toEqual([]);
    expect(packBytes(b)).toBe(size);
  });

  it('of an object is found for a touched path whose stat data vouches for nothing', async () => {
    const { b, fresh } = await damaged();
    const pack = only(b.places.packs, '.pack');
    flip(pack, readFileSync(pack).indexOf('first content'));
    utimesSync(join(b.root, 'first'), 1_600_000_000, 1_600_000_000);
    await fresh().create({
      target: 'comfyui',
      run: 'run-2',
      components: ['docs'],
      entries: [{ path: 'first', component: 'docs', absolute: join(b.root, 'first') }],
      touched: new Set(['first']),
      receipt: null,
      checkout: null,
    });
    expect(fresh().read(sha256('first content')).toString()).toBe('first content');
  });

  it.each<[string, (index: string) => void]>([
    ['flipped', (index) => flip(index, 120)],
    ['missing', (index) => rmSync(index)],
    ['empty', (index) => writeFileSync(index, '')],
  ])('of an index (%s) is made good by the pack itself', async (_how, harm) => {
    const { b, fresh } = await damaged();
    harm(only(b.places.packs, '.index.json'));
    expect(fresh().read(sha256('first content')).toString()).toBe('first content');
    expect(fresh().read(sha256('second content')).toString()).toBe('second content');
  });

  it('of a pack that is gone is named', async () => {
    const { b, fresh } = await damaged();
    rmSync(only(b.places.packs, '.pack'));
    expect(() => fresh().read(sha256('first content'))).toThrow(expect.objectContaining({ code: 'backup-damaged' }));
  });

  it('of a manifest leaves that backup out and names it', async () => {
    const { b, id, fresh } = await damaged();
    const whole = await b.create();
    const manifest = join(b.places.backups, 'comfyui', `${id}.json`);
    const text = readFileSync(manifest, 'utf8');
    for (const harm of [
      text.slice(0, -20),
      text.replace('"first"', '"fIrst"'),
      '',
      text.replace(/"sha256":"./, '"sha256":"x'),
    ]) {
      writeFileSync(manifest, harm);
      expect(
        fresh()
          .list()
          .map((found) => found.id),
      ).toEqual([whole.id]);
      expect(fresh().damaged()).toEqual([{ id, cause: expect.stringContaining('damaged') }]);
      expect(fresh().damaged('comfyui')).toHaveLength(1);
      expect(fresh().damaged('another')).toEqual([]);
      expect(() => fresh().get('comfyui', id)).toThrow(expect.objectContaining({ code: 'backup-damaged' }));
    }
  });

  it('is not what an unknown id is: that answers with the ids there are', async () => {
    const { id, fresh } = await damaged();
    expect(() => fresh().get('comfyui', 'nope')).toThrow(
      expect.objectContaining({ code: 'nothing-to-restore', details: [id] }),
    );
    expect(() => fresh().get('other', 'nope')).toThrow(
      expect.objectContaining({ code: 'nothing-to-restore', hint: 'lockstep target backup other makes one' }),
    );
  });

  it('names a manifest of a newer format', async () => {
    const { b, id, fresh } = await damaged();
    const { seal } = await import('../../src/store/backups/sealed.ts');
    writeFileSync(join(b.places.backups, 'comfyui', `${id}.json`), seal({ format: 2 }));
    expect(fresh().damaged()).toEqual([{ id, cause: expect.stringContaining('format 2') }]);
  });
});
