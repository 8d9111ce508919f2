import { mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInside } from '../../src/domain/paths.ts';
import { straceIsThere, tracedCalls } from '../crash/trace.ts';
import { makeVenv, sampleMain } from '../fixtures/sandbox.ts';
import { treeStats } from '../fixtures/tree-stats.ts';
import { built, lastObject, lockstep, ran } from './command.ts';

const opens = /^(?:open|openat|creat)$/;
const forWriting = /O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)/;

/**
 * The paths that writing calls of a program and of all that it starts named, tried or done; relative ones as seen from `cwd`
 * where the trace does not say from where.
 */
const written = (log: string, cwd: string): readonly string[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, syscall = '', words = ''] = /^(?:\d+ +)?([a-z0-9_]+)\((.*)$/.exec(line) ?? [];
      if (syscall === '' || (opens.test(syscall) && syscall !== 'creat' && !forWriting.test(words))) return [];
      const named = [...words.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g)].map(
        ([, from = cwd, path = '']) => (isAbsolute(path) ? path : resolve(from, path)),
      );
      const held = [...words.matchAll(/^\d+<(\/[^>]*)>/g)].map(([, path = '']) => path);
      return [...named, ...held].map((path) => `${syscall} ${path}`);
    });

const pathOf = (call: string): string => call.slice(call.indexOf(' ') + 1);

describe.skipIf(!straceIsThere())('the second run of a commit (needs strace: apt-get install strace)', () => {
  let top = '';
  let main = '';
  let target = '';
  beforeAll(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-second-')));
    main = sampleMain(join(top, 'main'));
    target = join(top, 'app');
    fse.ensureDirSync(target);
    makeVenv(join(target, '.venv'));
    expect(lockstep(main, 'target', 'add', 'app', '--path', target).exit).toBe(0);
    lockstep(main, 'trust', '--yes');
  });
  afterAll(() => fse.removeSync(top));

  const traced = (...words: readonly string[]) => {
    const log = join(top, 'trace');
    const watched = [
      'strace',
      '-f',
      '--seccomp-bpf',
      '-qq',
      '-y',
      '-s',
      '4096',
      '-o',
      log,
      '-e',
      'signal=none',
    ] as const;
    const calls = ['-e', `trace=${tracedCalls.join(',')}`, process.execPath, built];
    const answer = ran(main, [...watched, ...calls, ...words]);
    return { answer, calls: written(log, main) };
  };
  const under = (calls: readonly string[], folder: string, but?: string): readonly string[] =>
    calls.filter((call) => isInside(folder, pathOf(call)) && (but === undefined || !isInside(but, pathOf(call))));

  it('the first one writes, as this test sees it', () => {
    const { answer, calls } = traced('sync', 'run', '--all-targets');
    expect({ exit: answer.exit, err: answer.err }).toEqual({ exit: 0, err: '' });
    expect(under(calls, target).length).toBeGreaterThan(20);
  });

  it('makes no call under a target that writes, and none under main but in the state', () => {
    const before = treeStats(target);
    const { answer, calls } = traced('sync', 'run', '--all-targets', '--json');
    expect(lastObject(answer).results).toMatchObject([{ outcome: 'nothing-to-do' }]);
    expect(under(calls, target)).toEqual([]);
    expect(under(calls, main, join(main, '.git/lockstep'))).toEqual([]);
    expect(treeStats(target)).toEqual(before);
  });

  it('a dry run makes none at all under main, state and targets', () => {
    fse.removeSync(join(target, 'opencode.toml'));
    const { answer, calls } = traced('sync', 'plan', '--all-targets', '--full');
    expect(answer.exit).toBe(0);
    for (const place of [main, target]) expect(under(calls, place)).toEqual([]);
  });
});
