import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { dryRunPorts } from '../../src/adapters/dry-run.ts';
import { followOldPush, followPush } from '../../src/app/after/accepted-push.ts';
import { followInBackground } from '../../src/app/after/background-sync.ts';
import { viewBackground } from '../../src/app/after/background-view.ts';
import { type AfterRequest, behindLine, follow } from '../../src/app/after/follow.ts';
import type { MainProject } from '../../src/app/main-project.ts';
import { restore } from '../../src/app/restore.ts';
import { keepTrust, viewTrust } from '../../src/app/trust/trust.ts';
import { type AfterMove, hookSettings } from '../../src/domain/hook-settings.ts';
import type { BackgroundRequest, Ports } from '../../src/ports.ts';
import { saveBackground } from '../../src/store/background.ts';
import { movedSince } from '../../src/store/followed.ts';
import { readPushNote, writePushNote } from '../../src/store/push-note.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, git, put, temporary } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';
import { inStep, type PushWorld } from './push-world.ts';

// A loaded machine is no reason for another answer.
vi.setConfig({ testTimeout: 300_000 });

const machine = machinePorts();
const signal = new AbortController().signal;

interface Ground extends PushWorld {
  readonly project: MainProject;
  /** What was asked to go on in the background. */
  readonly started: BackgroundRequest[];
  readonly request: (act?: AfterMove, more?: Partial<AfterRequest>) => AfterRequest;
  readonly env: Readonly<Record<string, string>>;
}

/** Both targets are behind one commit; a stand-in for the background ends with `exit` after it did `does`. */
const behind = async ({
  trusted = true,
  exit = 0,
  does = async () => {},
}: {
  readonly trusted?: boolean;
  readonly exit?: number | null;
  readonly does?: (main: MainProject, env: Readonly<Record<string, string>>) => Promise<unknown>;
} = {}): Promise<Ground> => {
  const one = await inStep();
  put(one.root, { 'docs/a.md': 'a2\n' });
  commit(one.root, 'docs: round 2');
  const env = { XDG_STATE_HOME: temporary('trust') };
  const real = await one.main(machine);
  if (trusted) keepTrust(real, env, await viewTrust(real, env));
  const started: BackgroundRequest[] = [];
  const ports: Ports = {
    ...machine,
    background: {
      start: (request) => {
        started.push(request);
        return { pid: process.pid, ended: does(real, env).then(() => exit) };
      },
    },
  };
  return {
    ...one,
    env,
    started,
    project: await one.main(dryRunPorts(machine)),
    request: (act = 'sync', more = {}) => ({
      hook: 'post-merge',
      what: 'merge',
      settings: hookSettings({ 'post-merge': act }).postMerge,
      launcher: { node: 'node', main: 'main.js' },
      writing: async () => ports,
      left: () => 20_000,
      signal,
      env,
      ...more,
    }),
  };
};

describe('after main moved', () => {
  it('starts nothing that is not trusted, and says who is behind and what to type', async () => {
    const { project, request, started } = await behind({ trusted: false });
    expect(await follow(project, request())).toEqual({
      outcome: 'untrusted',
      behind: ['app', 'web'],
      line: 'app, web are behind after this merge, and nothing is synced by itself before you trust what a sync runs on this machine: lockstep trust',
    });
    expect(started).toEqual([]);
  });

  it('syncs in a process of its own, and tells what came of it when that ends in time', async () => {
    const { project, request, started, root } = await behind({
      does: (main, env) => followInBackground(main, { hook: 'post-merge', signal, env }),
    });
    const { outcome, line } = await follow(project, request());
    expect([outcome, line]).toEqual([
      'synced',
      `app, web are in step with ${git(root, 'rev-parse', 'HEAD').slice(0, 10)} now`,
    ]);
    expect(started).toEqual([
      {
        argv: ['node', 'main.js', '__follow', 'post-merge'],
        cwd: root,
        env: { LOCKSTEP_HOOK: 'post-merge' },
        output: expect.stringContaining('/background/'),
      },
    ]);
    expect(viewBackground(project)).toMatchObject({
      state: 'ended',
      hook: 'post-merge',
      exit: 0,
      run: expect.any(String),
    });
    // Everybody has it now: nothing is started again.
    expect(await follow(project, request())).toEqual({ outcome: 'nothing', behind: [], line: null });
    expect(started).toHaveLength(1);
  });

  it('leaves it to itself when the time is over', async () => {
    const { project, request } = await behind({ does: () => new Promise(() => {}) });
    expect(await follow(project, request('sync', { left: () => 10 }))).toEqual({
      outcome: 'started',
      behind: [],
      line: 'the sync after this merge goes on in the background: lockstep sync status shows it',
    });
  });

  it('says what it printed last when it ended before it could keep a record', async () => {
    const { project, request } = await behind({ exit: 1 });
    expect(await follow(project, request())).toMatchObject({ outcome: 'failed', line: 'it ended without a word' });
  });

  it('does not bring what was rolled back', async () => {
    const { main, root, env } = await behind();
    const real = await main(machine);
    await followInBackground(real, { hook: 'post-merge', signal, env });
    await restore(real, {
      target: 'app',
      backup: null,
      components: ['docs'],
      mode: 'real',
      emit: () => {},
      signal,
      env: {},
    });
    await followInBackground(real, { hook: 'post-merge', signal, env });
    expect(viewBackground(real)?.line).toContain(
      `app: ${git(root, 'rev-parse', 'HEAD').slice(0, 10)} of docs was taken back here`,
    );
  });

  it('plans, notifies or does nothing where the settings say so, and writes to no target', async () => {
    const { project, request, started, at } = await behind();
    const before = treeHash(at('app'));
    expect(await follow(project, request('plan'))).toEqual({
      outcome: 'planned',
      behind: ['app', 'web'],
      line: 'a sync after this merge would write app +0 ~1 -0, web +0 ~1 -0: lockstep sync run --target app --target web',
    });
    expect(await follow(project, request('notify'))).toEqual({
      outcome: 'told',
      behind: ['app', 'web'],
      line: 'app, web are behind after this merge: lockstep sync run --target app --target web',
    });
    expect((await follow(project, request('off'))).outcome).toBe('nothing');
    const elsewhere = hookSettings({ 'post-merge': { branches: ['release/*'] } }).postMerge;
    expect((await follow(project, request('sync', { settings: elsewhere }))).outcome).toBe('nothing');
    expect([treeHash(at('app')), started]).toEqual([before, []]);
  });

  it('quotes names, and names no more than five of many', () => {
    expect(behindLine('rebase', ["ada's app"])).toBe(
      "ada's app is behind after this rebase: lockstep sync run --target 'ada'\\''s app'",
    );
    expect(behindLine('merge', ['t1', 't2', 't3', 't4', 't5', 't6', 't7'])).toContain('t5 and 2 more are behind');
  });
});

it('what goes on in the background is told from what was cut off', async () => {
  const { main } = await inStep();
  const real = await main(machine);
  expect(viewBackground(real)).toBeNull();
  const owner = machine.identity.self();
  const work = {
    hook: 'post-merge',
    owner,
    started: '2026-11-27T09:00:00.000Z',
    finished: null,
    run: 'r',
    exit: null,
    line: null,
  };
  saveBackground(machine, real.state, work);
  expect(viewBackground(real)).toMatchObject({ state: 'running', pid: process.pid, run: 'r' });
  // No process has this number and began at another time than the one that has.
  saveBackground(machine, real.state, { ...work, owner: { ...owner, startTime: '1' } });
  expect(viewBackground(real)).toMatchObject({ state: 'cut-off' });
  put(real.state.dir, { 'background.json': '{ torn' });
  expect(viewBackground(real)).toBeNull();
});

describe('after a push', () => {
  const pushed = async () => {
    const ground = await behind({ does: () => new Promise(() => {}) });
    const { root, project } = ground;
    const head = git(root, 'rev-parse', 'HEAD');
    const note = { remote: 'origin', ref: 'refs/heads/main', id: head };
    writePushNote(machine, project.state, [note]);
    const left = () => readPushNote(machine, project.state);
    return { ...ground, head, note, left };
  };

  it('a sync starts when the remote-tracking ref stands at what the note says, and the note is gone', async () => {
    const { project, request, started, head, left } = await pushed();
    const moved = [{ ref: 'refs/remotes/origin/main', id: head }];
    expect((await followPush(project, { ...request('sync', { left: () => 0 }), moved })).outcome).toBe('started');
    expect([started.length, left()]).toEqual([1, undefined]);
  });

  it('nothing starts for another commit, another remote, or a push that has not brought HEAD', async () => {
    const { project, request, started, head, note, root, left } = await pushed();
    const told = (ref: string, id: string) => followPush(project, { ...request(), moved: [{ ref, id }] });
    const older = git(root, 'rev-parse', 'HEAD~1');
    expect((await told('refs/remotes/origin/main', older)).outcome).toBe('nothing');
    expect((await told('refs/remotes/fork/main', head)).outcome).toBe('nothing');
    expect(left()?.pushed).toEqual([note]);
    writePushNote(machine, project.state, [{ ...note, id: older }]);
    expect((await told('refs/remotes/origin/main', older)).outcome).toBe('nothing');
    expect([started, left()]).toEqual([[], undefined]);
  });

  it('the next command does it where no hook hears, and drops the note of a push that was refused', async () => {
    const { project, request, started, push, left } = await pushed();
    const quick = request('sync', { left: () => 0 });
    expect((await followOldPush(project, quick)).outcome).toBe('nothing');
    expect(left()?.age).toBe('fresh');
    push('main');
    expect((await followOldPush(project, quick)).outcome).toBe('started');
    expect([started.length, left()]).toEqual([1, undefined]);

    const other = await pushed();
    utimesSync(other.project.state.pushNote, new Date(0), new Date(0));
    expect((await followOldPush(other.project, other.request())).outcome).toBe('nothing');
    expect([other.started, existsSync(other.project.state.pushNote)]).toEqual([[], false]);
  });
});

describe('moves that no hook tells of', () => {
  const log = (...lines: readonly (readonly [to: string, seconds: number, what: string])[]): string => {
    const dir = temporary('log');
    const line = ([to, seconds, what]: (typeof lines)[number]): string =>
      `${'0'.repeat(40)} ${to.repeat(40)} A B <a@b> ${seconds} +0000\t${what}\n`;
    put(dir, { 'logs/HEAD': lines.map(line).join('') });
    return dir;
  };
  const since = (dir: string, commit: string | undefined, seconds = 0) =>
    movedSince(machine.files, dir, { commit: commit?.repeat(40), seconds });

  it.each([
    ['commit (merge): solved'],
    ['reset: moving to origin/main'],
    ['merge side: Fast-forward'],
    ['pull: Fast-forward'],
    ['rebase (finish): returning to refs/heads/main'],
  ])('%s is one', (what) => {
    expect(since(log(['1', 1, 'commit: a'], ['2', 2, what], ['3', 3, 'commit: b']), '1')).toBe(what);
  });

  it('a commit of one’s own, a switch, and what came before are none', () => {
    const dir = log(
      ['1', 1, 'reset: moving to x'],
      ['2', 2, 'commit: a'],
      ['3', 3, 'checkout: moving from a to b'],
      ['4', 4, 'commit (amend): b'],
    );
    expect(since(dir, '1')).toBeUndefined();
    expect(since(dir, undefined, 2)).toBeUndefined();
    expect(since(dir, undefined, 1)).toBe('reset: moving to x');
    expect(since(dir, '4')).toBeUndefined();
    expect(since(join(dir, 'none'), '1')).toBeUndefined();
  });
});
