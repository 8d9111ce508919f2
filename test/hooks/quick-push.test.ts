import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { expect, it, vi } from 'vitest';
import { quick } from '../../src/adapters/quick.ts';
import { type QuickGround, quickPush } from '../../src/hooks/quick-push.ts';
import { savePushFacts } from '../../src/store/push-facts.ts';
import { openReceipts } from '../../src/store/receipts.ts';
import { commit, git, put } from '../fixtures/sandbox.ts';
import { inStep, type PushWorld } from './push-world.ts';

// A loaded machine is no reason for another answer.
vi.setConfig({ testTimeout: 300_000 });

const none = '0'.repeat(40);

interface Known extends PushWorld {
  readonly facts: string;
  readonly note: string;
  readonly ok: string;
  /** The quick answer to pushing HEAD as main, or to what is given. */
  readonly quickly: (more?: Partial<QuickGround>) => readonly string[] | undefined;
  readonly line: (id: string, ref?: string) => string;
}

/** What was written within the last tick of the clock of file times is not taken for old: a swift machine is no reason for another answer. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** A main project in step whose push was looked at properly once: nothing to sync. */
const known = async (): Promise<Known> => {
  const one = await inStep();
  const { root, dir, remote } = one;
  const launcher = { node: 'node', main: join(dir, 'tools/lockstep.js') };
  put(dir, { 'tools/lockstep.js': '' });
  const old = Date.now() / 1000 - 10;
  for (const path of fse.readdirSync(dir, { recursive: true }).map(String)) {
    if (!fse.lstatSync(join(dir, path)).isSymbolicLink()) utimesSync(join(dir, path), old, old);
  }
  // Setting times is itself a change, as the disk sees it.
  await settle();
  const looked = await one.tell(['main'], { changed: { launcher } });
  expect(looked.lines).toEqual(['lockstep pre-push: nothing to sync in what main brings to origin']);
  const { state } = await one.main();
  const line = (id: string, ref = 'refs/heads/main'): string => `refs/heads/main ${id} ${ref} ${none}\n`;
  const tools = quick(root, process.env);
  return {
    ...one,
    facts: state.pushFacts,
    note: state.pushNote,
    ok: state.pushOk,
    line,
    quickly: (more = {}) =>
      quickPush({
        ...tools,
        cwd: root,
        env: {},
        args: ['origin', remote],
        input: line(git(root, 'rev-parse', 'HEAD')),
        since: Date.now(),
        ...more,
      }),
  };
};

const notes = (root: string): string => {
  put(root, { 'notes.txt': `${Math.random()}\n` });
  return commit(root, 'chore: notes');
};

it('answers as a proper look does when no target lacks anything, and remembers the push as that does', async () => {
  const { root, quickly, tell, note, ok, remote } = await known();
  const id = notes(root);
  await settle();
  const answer = quickly();
  expect(answer).toEqual(['lockstep pre-push: nothing to sync in what main brings to origin']);
  expect(readFileSync(note, 'utf8')).toBe(`lockstep-push-note 1\npushed origin refs/heads/main ${id}\n`);
  expect(readFileSync(ok, 'utf8')).toContain(`ok origin ${remote} refs/heads/main ${id}\n`);
  expect((await tell(['main'])).lines).toEqual(answer);
});

it('says nothing where there is nothing to say', async () => {
  const { quickly } = await known();
  expect(quickly({ input: '' })).toEqual([]);
  expect(quickly({ env: { LOCKSTEP: '0' } })).toEqual([]);
});

it('leaves no note of a push that Lockstep itself makes', async () => {
  const { quickly, note } = await known();
  rmSync(note);
  expect(quickly({ env: { LOCKSTEP_PUSH: '1' } })).toHaveLength(1);
  expect(fse.existsSync(note)).toBe(false);
});

it('leaves everything else, and every doubt, to a proper look', async () => {
  const at = await known();
  const { root, quickly, line, facts, main, at: target } = at;
  const head = git(root, 'rev-parse', 'HEAD');
  const doubts: readonly Partial<QuickGround>[] = [
    { input: line(head, 'refs/heads/side') },
    { input: line(head, 'refs/tags/v1') },
    { input: `(delete) ${none} refs/heads/main ${head}\n` },
    { input: `${line(head)}what\n` },
    { input: line('d'.repeat(40)) },
    { args: ['backup', at.remote] },
    { args: ['origin'] },
    { git: () => undefined, input: line(notes(root)) },
    { cwd: at.dir },
  ];
  for (const doubt of doubts) expect(quickly(doubt), JSON.stringify(doubt)).toBeUndefined();
  expect(quickly()).toHaveLength(1);

  const kept = readFileSync(facts, 'utf8');
  const { ports, state } = await main();
  const receipt = openReceipts(ports).path({ target: target('app') }, 'words');
  const changes: readonly (readonly [string, () => void])[] = [
    ['a receipt', () => utimesSync(receipt, new Date(), new Date())],
    ['the registry', () => utimesSync(join(root, '.git/lockstep/registry.json'), new Date(), new Date())],
    ['the configuration', () => utimesSync(join(root, 'sync.config.yaml'), new Date(), new Date())],
    ['a pipeline', () => utimesSync(join(root, 'pipelines/documents.yaml'), new Date(), new Date())],
    ['another build', () => utimesSync(join(at.dir, 'tools/lockstep.js'), new Date(), new Date())],
    [
      'another folder in the place of a target',
      () => {
        fse.copySync(target('app'), join(at.dir, 'twin'), { preserveTimestamps: true });
        rmSync(target('app'), { recursive: true });
        renameSync(join(at.dir, 'twin'), target('app'));
      },
    ],
    ['torn facts', () => writeFileSync(facts, kept.slice(0, -20))],
    ['facts of another version', () => writeFileSync(facts, kept.replace('"format":2', '"format":3'))],
    ['no facts', () => rmSync(facts)],
  ];
  for (const [name, change] of changes) {
    // As if nothing had changed before this one: each is a doubt by itself.
    savePushFacts(ports, state, { facts: JSON.parse(kept), since: BigInt(Date.now() + 3_600_000) * 1_000_000n });
    expect(quickly(), name).toHaveLength(1);
    change();
    expect(quickly(), name).toBeUndefined();
  }
});

it('leaves a push that brings a target something to a proper look', async () => {
  const { root, quickly } = await known();
  put(root, { 'docs/b.md': 'b\n' });
  commit(root, 'docs: more');
  expect(quickly()).toBeUndefined();
});

it('keeps no facts where one of them changed while they were looked at', async () => {
  const { root, facts, tell } = await known();
  rmSync(facts);
  utimesSync(join(root, 'sync.config.yaml'), new Date(Date.now() + 1000), new Date(Date.now() + 1000));
  await tell(['main']);
  expect(fse.existsSync(facts)).toBe(false);
});
