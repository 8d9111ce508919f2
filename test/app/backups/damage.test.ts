import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runBackup } from '../../../src/cli/actions/backup.ts';
import { flipBit } from '../../fixtures/backup-store.ts';
import { plainWorld } from '../../fixtures/plain-world.ts';
import { put, text } from '../../fixtures/sandbox.ts';
import { spoken } from '../../fixtures/spoken.ts';

it('a damaged backup restores nothing silently: every lost file is named, and what is whole can still be restored', async () => {
  const world = await plainWorld(['app']);
  const app = world.at('app');
  await world.run(['app']);
  put(app, { 'docs/b.md': 'b of the owner\n' });
  const { main } = world;
  const entry = (component: string, path: string) => ({ path, component, absolute: join(app, path) });
  const { id } = await main.backups.create({
    target: 'app',
    run: null,
    components: ['docs', 'plans'],
    entries: [entry('docs', 'docs/a.md'), entry('docs', 'docs/b.md'), entry('plans', 'plans/p.md')],
    receipt: world.receiptOf('app'),
    checkout: null,
  });
  put(app, { 'docs/a.md': 'mine\n', 'docs/b.md': 'mine too\n', 'plans/p.md': 'my plan\n' });
  for (const name of readdirSync(main.state.packs).filter((one) => one.endsWith('.pack')))
    for (const lost of ['a1\n', 'b of the owner\n'])
      if (text(main.state.packs, name).includes(lost)) flipBit(join(main.state.packs, name), lost);

  await expect(world.back('app', null, { backup: id })).rejects.toMatchObject({
    code: 'backup-damaged',
    target: 'app',
    message: `2 files of backup ${id} cannot be restored, so nothing was`,
    details: ['docs/a.md (docs): its object is damaged', 'docs/b.md (docs): its object is damaged'],
    hint: `lockstep target restore app --backup ${id} --component plans restores what is whole`,
  });
  expect([text(app, 'docs/a.md'), text(app, 'docs/b.md'), text(app, 'plans/p.md')]).toEqual([
    'mine\n',
    'mine too\n',
    'my plan\n',
  ]);
  expect(world.journals()).toEqual([]);
  await world.back('app', ['plans'], { backup: id });
  expect([text(app, 'docs/a.md'), text(app, 'plans/p.md')]).toEqual(['mine\n', 'p1\n']);
});

it('target backup --all backs up every target that is not on hold; one that cannot be hides no other', async () => {
  const world = await plainWorld(['one', 'two', 'three', 'held']);
  for (const name of ['one', 'three', 'held']) put(world.at(name), { 'docs/a.md': `of ${name}\n` });
  await world.main.registry.update((current) => ({
    ...current,
    targets: current.targets.map((target) => (target.name === 'held' ? { ...target, hold: true } : target)),
  }));
  const all = () => spoken(world, (call) => runBackup(call, [], { all: true }));
  const { exit, lines, object } = await all();
  expect(exit).toBe(4);
  expect(lines.filter((line) => line.includes('backed up')).map((line) => line.split(' ')[0])).toEqual([
    'one',
    'three',
  ]);
  expect(lines.join('\n')).toContain('none of its components holds a file yet, so there is nothing to back up');
  expect(object).toMatchObject({
    kind: 'backup',
    targets: [
      { target: 'one', made: 'now', error: null },
      { target: 'two', made: null, backup: null, error: { code: 'backup-failed' } },
      { target: 'three', made: 'now' },
    ],
  });
  expect(world.main.backups.list('held')).toEqual([]);
  expect((await all()).lines[0]).toMatch(/^one unchanged since: one-/);
});
