import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tagTargets } from '../../src/app/tag.ts';
import { runBackups } from '../../src/cli/actions/backup.ts';
import { runRestore } from '../../src/cli/actions/restore.ts';
import { cutOff, type PlainWorld, plainWorld } from '../fixtures/plain-world.ts';
import { text } from '../fixtures/sandbox.ts';
import { spoken } from '../fixtures/spoken.ts';

/** A target that was synced with `a1`, `a2`, … up to `a<last>`. */
const synced = async (last: number) => {
  const world = await plainWorld(['app']);
  await world.run(['app']);
  for (let n = 2; n <= last; n += 1) {
    world.goOn(n);
    await world.run(['app']);
  }
  const doc = (): string => text(world.at('app'), 'docs/a.md').trim();
  const plan = (): string => text(world.at('app'), 'plans/p.md').trim();
  return { ...world, doc, plan };
};

const half = (world: PlainWorld) =>
  cutOff(world, { target: 'app', roots: { target: world.at('app') }, paths: ['docs/a.md'] });

describe('a rollback after a run that was cut off', () => {
  it.each([
    ['of a component', 'docs', 'docs is as before it'],
    ['of two', 'docs,plans', 'docs and plans are as before it'],
    ['of the whole target', undefined, 'it is as before it'],
  ])('%s ends that run and goes no further, and says so', async (_what, component, words) => {
    const world = await synced(2);
    await half(world);
    const before = world.receiptOf('app').run;
    const options = component === undefined ? {} : { component };
    const { exit, lines, object } = await spoken(world, (call) => runRestore(call, 'app', options));
    expect(exit).toBe(0);
    expect([world.doc(), world.plan()]).toEqual(['a2', 'p2']);
    expect(lines).toEqual([
      expect.stringMatching(/^app: run \S+ was cut off: undone, 1 paths put back$/),
      `app undone: the cut-off run was undone; ${words}`,
      'next  to go further back: lockstep target backups app',
    ]);
    expect(object).toMatchObject({ kind: 'restore', backup: null, recovered: [expect.stringContaining('undone')] });
    expect(world.receiptOf('app').run).toBe(before);

    // Asked again, there is nothing cut off any more: one state back.
    await spoken(world, (call) => runRestore(call, 'app', options));
    expect(world.doc()).toBe('a1');
  });

  it('to a backup that is named ends that run, says so, and restores', async () => {
    const world = await synced(2);
    const backup = world.main.backups.list('app')[0]?.id ?? '';
    await half(world);
    const { lines } = await spoken(world, (call) => runRestore(call, 'app', { backup }));
    expect(world.doc()).toBe('a1');
    expect(lines[0]).toMatch(/^app: run \S+ was cut off: undone/);
    expect(lines[1]).toMatch(/^app restored from /);
  });

  it('goes on from a run that had finished but for its cleaning up', async () => {
    const world = await synced(2);
    await half(world);
    const receipt = { ...world.receiptOf('app'), run: '20261123T031530Z-4f2a' };
    writeFileSync(join(world.at('app'), '.lockstep/receipts/words.json'), JSON.stringify(receipt));
    const { lines } = await spoken(world, (call) => runRestore(call, 'app', { component: 'docs' }));
    expect(lines[0]).toMatch(/^app: run \S+ had finished: cleaned up$/);
    expect(world.doc()).not.toBe('half a run');
  });

  it('that fails all the same says what had been done by then', async () => {
    const world = await synced(2);
    await half(world);
    await expect(world.back('app', null, { backup: 'nope' })).rejects.toMatchObject({
      code: 'nothing-to-restore',
      details: [expect.stringContaining('was cut off: undone'), expect.anything(), expect.anything()],
    });
  });
});

describe('one rollback after the other', () => {
  it('goes back state by state, and says when there is no older one', async () => {
    const world = await synced(3);
    await world.back('app', ['docs']);
    expect(world.doc()).toBe('a2');
    await world.back('app', ['docs']);
    expect(world.doc()).toBe('a1');
    await world.back('app', ['docs']);
    expect(existsSync(join(world.at('app'), 'docs/a.md'))).toBe(false);
    const oldest = world.main.backups.list('app').at(-1)?.id;
    await expect(world.back('app', ['docs'])).rejects.toMatchObject({
      code: 'nothing-to-restore',
      message: `it has no older state of docs: it was brought back to ${oldest} already`,
      hint: 'lockstep target backups app lists what there is',
    });
    expect(world.plan()).toBe('p3');
  });

  it('of the whole target, and of its components each by itself', async () => {
    const world = await synced(3);
    await world.back('app', ['docs']);
    await world.back('app', ['plans']);
    await world.back('app', ['docs']);
    expect([world.doc(), world.plan()]).toEqual(['a1', 'p2']);
    const whole = await synced(3);
    await whole.back('app', null);
    await whole.back('app', null);
    expect([whole.doc(), whole.plan()]).toEqual(['a1', 'p1']);
  });

  it('goes on from the backup that was named, and from a restore that was undone', async () => {
    const world = await synced(3);
    const [, second] = world.main.backups.list('app');
    const { undoWith } = await world.back('app', null, { backup: second?.id ?? '' });
    expect(world.doc()).toBe('a1');
    await world.back('app', null, { backup: undoWith ?? '' });
    expect(world.doc()).toBe('a3');
    await world.back('app', null);
    expect(world.doc()).toBe('a2');
    await world.back('app', null);
    expect(world.doc()).toBe('a1');
  });

  it('starts anew after a sync, and a tag changes nothing of it', async () => {
    const world = await synced(3);
    await world.back('app', null);
    const signal = new AbortController().signal;
    await tagTargets(world.main, { targets: { names: ['app'] }, version: 'v9', existing: 'stays', signal });
    await world.back('app', null);
    expect(world.doc()).toBe('a1');
    await world.run(['app'], { by: 'force' });
    expect(world.doc()).toBe('a3');
    expect(world.receiptOf('app').restored).toBeUndefined();
    await world.back('app', null);
    expect(world.doc()).toBe('a1');
  });
});

describe('a backup that cannot be read', () => {
  const damaged = async (last: number, which: number) => {
    const world = await synced(last);
    const folder = join(world.main.state.dir, 'store/backups/app');
    const id = world.main.backups.list('app')[which]?.id ?? '';
    truncateSync(join(folder, readdirSync(folder).find((name) => name.includes(id)) ?? ''), 100);
    return { ...world, id };
  };

  it('is not passed over by a rollback: it may be one state back', async () => {
    const world = await damaged(3, 0);
    await expect(world.back('app', ['docs'])).rejects.toMatchObject({
      code: 'backup-damaged',
      target: 'app',
      message: `its backup ${world.id} cannot be read, so nobody can tell what one state back is`,
      details: [expect.stringContaining(world.id)],
      hint: expect.stringContaining('lockstep target restore app --backup <id> --component docs'),
    });
    expect(world.doc()).toBe('a3');
    const [whole] = world.main.backups.list('app');
    await world.back('app', ['docs'], { backup: whole?.id ?? '' });
    expect(world.doc()).toBe('a1');
  });

  it('is no trouble for a rollback that does not come to it', async () => {
    const older = await damaged(3, 1);
    await older.back('app', ['docs']);
    expect(older.doc()).toBe('a2');
    await expect(older.back('app', ['docs'])).rejects.toMatchObject({ code: 'backup-damaged' });
    const oldest = await damaged(2, 1);
    await oldest.back('app', null);
    expect(oldest.doc()).toBe('a1');
  });

  it('is named by the list of the backups, of its own target alone', async () => {
    const world = await damaged(2, 0);
    const { lines, object } = await spoken(world, (call) => runBackups(call, 'app'));
    expect(lines.at(-1)).toContain(`! ${world.id} cannot be read, so nothing can be restored from it: `);
    expect(object).toMatchObject({ damaged: [{ id: world.id }] });
    const folder = join(world.main.state.dir, 'store/backups/app');
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '');
    const { lines: all } = await spoken(world, (call) => runBackups(call, 'app'));
    expect(all[0]).toBe('none of the backups of app can be read; make another: lockstep target backup app');
    expect(all).toHaveLength(3);
    expect(world.main.backups.damaged('another')).toEqual([]);
    expect(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8')).toBe('');
  });
});

it('a restore lets the store read back what it is about to replace', async () => {
  const world = await synced(2);
  const { undoWith: _first } = await world.back('app', ['docs']);
  await world.run(['app'], { by: 'force' });
  // What stands there was stored before; the packs go bad, and nobody touched the file.
  for (const name of readdirSync(world.main.state.packs).filter((pack) => pack.endsWith('.pack'))) {
    const path = join(world.main.state.packs, name);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('a2\n');
    if (at >= 0) bytes[at] = 0;
    writeFileSync(path, bytes);
  }
  const { undoWith } = await world.back('app', ['docs']);
  expect(world.doc()).toBe('a1');
  await world.back('app', ['docs'], { backup: undoWith ?? '' });
  expect(world.doc()).toBe('a2');
});
