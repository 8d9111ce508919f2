import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { put, temporary } from '../fixtures/sandbox.ts';
import { judge, openReader } from './judge.ts';
import { bringBack } from './pristine.ts';
import type { Scene } from './scene.ts';
import { labelOf, readTrace } from './trace.ts';

const sceneIn = (dir: string): Scene =>
  ({ target: join(dir, 'app'), state: join(dir, 'state'), commits: { before: 'one', after: 'two' } }) as Scene;

const register = (dir: string, status: string, commit: string): void =>
  put(dir, { 'state/registry.json': JSON.stringify({ targets: [{ name: 'app', status, sync_commit: commit }] }) });

const build = (dir: string): void => {
  put(dir, { 'app/a.md': 'one', 'app/.lockstep/receipts/opencode-ai.json': '{"run":"r1","time":"t1","commit":"one"}' });
  mkdirSync(join(dir, 'app/empty'));
};

describe('the judge of a recovered target', () => {
  const start = () => {
    const dir = temporary('judge');
    build(dir);
    const read = openReader(join(dir, 'app'));
    const before = read();
    put(dir, {
      'app/a.md': 'two',
      'app/.lockstep/receipts/opencode-ai.json': '{"run":"r2","time":"t2","commit":"two"}',
    });
    const after = read();
    const verdict = () => judge(sceneIn(dir), read(), { before, after });
    return { dir, verdict };
  };

  it('knows before and after, whatever the run of the receipt is called', () => {
    const { dir, verdict } = start();
    register(dir, 'synchronized', 'two');
    put(dir, { 'app/.lockstep/receipts/opencode-ai.json': '{"run":"r9","time":"t9","commit":"two"}' });
    expect(verdict()).toEqual({ side: 'after', wrong: [] });
    put(dir, {
      'app/a.md': 'one',
      'app/.lockstep/receipts/opencode-ai.json': '{"run":"r1","time":"t1","commit":"one"}',
    });
    register(dir, 'needs_sync', 'one');
    expect(verdict()).toEqual({ side: 'before', wrong: [] });
  });

  it('sees content, modes, links, folders and what is left behind', () => {
    const { dir, verdict } = start();
    register(dir, 'synchronized', 'two');
    const spoil: readonly (readonly [() => void, () => void])[] = [
      [() => put(dir, { 'app/a.md': 'twO' }), () => put(dir, { 'app/a.md': 'two' })],
      [() => chmodSync(join(dir, 'app/a.md'), 0o600), () => chmodSync(join(dir, 'app/a.md'), 0o644)],
      [() => symlinkSync('a.md', join(dir, 'app/link')), () => rmSync(join(dir, 'app/link'))],
      [() => rmSync(join(dir, 'app/empty'), { recursive: true }), () => mkdirSync(join(dir, 'app/empty'))],
      [() => put(dir, { 'app/.lockstep/lock': '{}' }), () => put(dir, { 'app/.lockstep/lock': null })],
    ];
    for (const [harm, mend] of spoil) {
      harm();
      expect(verdict().side).toBe('neither');
      mend();
      expect(verdict()).toEqual({ side: 'after', wrong: [] });
    }
  });

  it('sees a registry that disagrees, a journal and a lock that are left', () => {
    const { dir, verdict } = start();
    register(dir, 'syncing', 'one');
    put(dir, { 'state/journal/r--app.ndjson': '', 'state/locks/registry.lock': '' });
    expect(verdict().wrong).toHaveLength(5);
  });
});

describe('bringing a folder back', () => {
  it('mends content, modes, links, kinds and times, and leaves the rest alone', () => {
    const dir = temporary('pristine');
    put(dir, { 'from/a': 'a', 'from/b/c': 'c', 'from/file': 'f' });
    symlinkSync('a', join(dir, 'from/link'));
    utimesSync(join(dir, 'from/a'), 1000, 1000);
    bringBack(join(dir, 'from'), join(dir, 'to'));
    const read = openReader(join(dir, 'to'));
    const whole = read();
    put(dir, { 'to/a': 'x', 'to/new/deep': 'n', 'to/b/c': null, 'to/link': null, 'to/file': null });
    chmodSync(join(dir, 'to/b'), 0o700);
    mkdirSync(join(dir, 'to/file'));
    writeFileSync(join(dir, 'to/link'), 'no link');
    bringBack(join(dir, 'from'), join(dir, 'to'));
    expect(read()).toEqual(whole);
  });
});

describe('reading a trace', () => {
  it('counts calls as strace does and tells what changes something, under names that stay', () => {
    const log = join(temporary('trace'), 'log');
    writeFileSync(
      log,
      [
        'openat(AT_FDCWD</l/main>, "/l/app/a", O_RDONLY|O_CLOEXEC) = 3</l/app/a>',
        'openat(AT_FDCWD</l/main>, "/l/app/.lockstep/txn-20261123T062233Z-a501-a172cedc/s1", O_WRONLY|O_CREAT, 0644) = 19</l/x>',
        'unlink("/l/app/none") = -1 ENOENT (No such file or directory)',
        'rename("/l/main/.git/lockstep/registry.json.19794.bdde64a2.tmp", "/l/main/.git/lockstep/registry.json") = ?',
        '+++ killed by SIGKILL +++',
      ].join('\n'),
    );
    const calls = readTrace(log);
    expect(calls.map(({ syscall, nth, changes }) => [syscall, nth, changes])).toEqual([
      ['openat', 1, false],
      ['openat', 2, true],
      ['unlink', 1, false],
      ['rename', 1, true],
    ]);
    const [, opened, , renamed] = calls.map((call) => labelOf(call, '/l'));
    expect(opened).toContain('app/.lockstep/txn-RUN-a172cedc/s1');
    expect(renamed).toBe('rename state/registry.json.TMP → state/registry.json');
  });
});
