import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { expect, it } from 'vitest';
import { type MainProject, openMain } from '../../src/app/main-project.ts';
import { recoverAll } from '../../src/app/recover-all.ts';
import { restore } from '../../src/app/restore.ts';
import { lookAtTargets } from '../../src/app/status.ts';
import type { Ports } from '../../src/ports.ts';
import { Killed, killable } from '../fixtures/killable.ts';
import { type PlainWorld, plainWorld } from '../fixtures/plain-world.ts';
import { put } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

/** As a command opens it, under other ports. */
const openedWith = async ({ root, main }: PlainWorld, ports: Ports): Promise<MainProject> => ({
  ...(await openMain(ports, root)),
  project: main.project,
});

it('a restore that is killed anywhere, from its backup to its record, is as before or as after once recovered', async () => {
  const world = await plainWorld(['app']);
  await world.run(['app']);
  world.goOn(2);
  await world.run(['app']);
  put(world.at('app'), { 'docs/a.md': 'mine\n' });
  const parts = [world.at('app'), world.main.state.dir];
  const saved = parts.map((_, nth) => join(world.dir, `saved-${nth}`));
  parts.forEach((part, nth) => void fse.copySync(part, saved[nth] ?? '', { preserveTimestamps: true }));
  const reset = (): void =>
    parts.forEach((part, nth) => {
      fse.emptyDirSync(part);
      fse.copySync(saved[nth] ?? '', part, { preserveTimestamps: true });
    });
  const lines = (): readonly string[] => treeLines(world.at('app'), (path) => path === '.lockstep');
  const request = {
    ...world.request,
    target: 'app',
    backup: null,
    components: null,
    mode: 'real',
    emit: () => {},
  } as const;
  const going = (main: MainProject) => restore(main, request);
  // The process that was killed is this one: to whoever comes later, it is dead.
  const later: Ports = {
    ...world.ports,
    identity: { ...world.ports.identity, alive: () => 'dead', marked: () => [], markedBy: () => [] },
  };

  const statusOf = async (main: MainProject) =>
    (await lookAtTargets(main, { ...world.request, targets: { names: ['app'] } }))[0]?.status;

  const before = lines();
  expect(await statusOf(world.main)).toBe('synchronized');
  const rehearsal = killable(world.ports, { at: Number.POSITIVE_INFINITY, how: 'before' });
  await going(await openedWith(world, rehearsal));
  const after = lines();
  expect(after).not.toEqual(before);
  const { calls } = rehearsal;
  const committing = calls.findLastIndex((call) => /rename .*receipts\/words\.json$/.test(call)) + 1;
  expect(committing).toBeGreaterThan(20);
  const spread = [1, 2, 3, 4, 5, 6].map((nth) => Math.round((committing * nth) / 7));
  for (const at of new Set([1, ...spread, committing, committing + 1, committing + 2, calls.length])) {
    reset();
    const how = at % 2 === 0 ? 'halfway' : 'before';
    const where = `${how} ${at}: ${calls[at - 1]}`;
    const dying = await openedWith(world, killable(world.ports, { at, how }));
    await expect(going(dying), where).rejects.toBeInstanceOf(Killed);
    const main = await openedWith(world, later);
    for (const { error } of await recoverAll(main)) expect(error, where).toBeNull();
    const committed = at > committing;
    expect(lines(), where).toEqual(committed ? after : before);
    expect(await statusOf(main), where).toBe(committed ? 'rolled_back' : 'synchronized');
    expect(readdirSync(main.state.journal), where).toEqual([]);
    expect(existsSync(join(world.at('app'), '.lockstep/lock')), where).toBe(false);
    // Whoever types it again gets there, and can come back: what stood there was acknowledged as backed up.
    if (committed) continue;
    const { undoWith } = await going(main);
    expect(lines(), where).toEqual(after);
    await restore(main, { ...request, backup: undoWith });
    expect(lines(), where).toEqual(before);
  }
});
