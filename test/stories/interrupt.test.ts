import { mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commit, makeVenv, pip, put, sampleMain, setVersion, text } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';
import { lastObject, lockstep, objects, type Running, started } from './command.ts';

/**
 * A check that holds the run: everything is in place and nothing is committed when it says so.
 * `stubborn` does not end when it is asked to, so that the command is still ending it when the next signal comes.
 */
const holdingCheck = `#!/bin/sh
[ -e "$1/hold" ] || exit 0
[ "$(cat "$1/hold")" = stubborn ] && trap 'echo > "$1/asked"' TERM
sleep 600 &
echo "$$ $!" > "$1/writing" && mv "$1/writing" "$1/held"
while :; do sleep 0.05; done
`;

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a sync that is stopped while its target is being verified', () => {
  let top = '';
  let main = '';
  let target = '';
  let round = 0;
  const inTop = (name: string) => join(top, name);
  const tree = () => treeLines(target, (path) => path.includes('__pycache__'));
  const syncing = async (how: 'willing' | 'stubborn', ...words: string[]): Promise<Running> => {
    put(top, { hold: how });
    const run = started(main, 'sync', 'run', '--target', 'app', ...words);
    await run.made(inTop('held'));
    return run;
  };
  /** What the command had started is over; a killed process takes a moment to go. */
  const noProcessIsLeft = async () => {
    const pids = readFileSync(inTop('held'), 'utf8').trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  };
  const noLockAndNoJournalIsLeft = () => {
    expect(fse.existsSync(join(target, '.lockstep/lock'))).toBe(false);
    expect(fse.readdirSync(join(main, '.git/lockstep/journal'))).toEqual([]);
    expect(fse.readdirSync(join(main, '.git/lockstep/locks'))).toEqual([]);
  };

  beforeAll(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-interrupt-')));
    main = sampleMain(join(top, 'main'));
    // Scratch folders of the command are then seen when they stay.
    fse.ensureDirSync(inTop('tmp'));
    process.env.TMPDIR = inTop('tmp');
    target = join(top, 'app');
    const python = makeVenv(join(target, '.venv'));
    pip(python, 'install', '-q', '--no-index', '--no-build-isolation', '--no-deps', join(main, 'src/opencode'));
    fse.removeSync(join(main, 'src/opencode/build'));
    put(top, { 'holding-check.sh': holdingCheck });
    const check = `    - { name: holds, uses: command, with: { argv: [sh, ${inTop('holding-check.sh')}, ${top}] } }\n`;
    put(main, { 'sync.config.yaml': text(main, 'sync.config.yaml').replace('  core:\n', `  core:\n${check}`) });
    commit(main, 'test: a check that holds');
    expect(lockstep(main, 'target', 'add', 'app', '--path', '../app').exit).toBe(0);
    expect(lockstep(main, 'trust', '--yes').exit).toBe(0);
  });
  afterAll(() => fse.removeSync(top));
  // Each test has something new to bring.
  beforeEach(() => {
    round += 1;
    for (const name of ['hold', 'held', 'asked']) fse.removeSync(inTop(name));
    put(main, { [`docs/round-${round}.md`]: '# New\n', 'docs/INDEX.md': `${text(main, 'docs/INDEX.md')}\nMore.\n` });
    commit(main, `feat: round ${round}`);
  });

  it('by SIGINT, puts package and documents back and exits 130; the next run brings it in step', async () => {
    setVersion(main, '1.3.0');
    commit(main, 'feat: a release');
    const before = tree();
    const run = await syncing('willing');
    expect(tree()).not.toEqual(before);
    run.send('SIGINT');
    const answer = await run.ended;
    expect(answer.exit).toBe(130);
    expect(answer.err).toBe('');
    expect(answer.out).toContain('interrupted; everything was put back');
    expect(tree()).toEqual(before);
    await noProcessIsLeft();
    noLockAndNoJournalIsLeft();
    expect(fse.readdirSync(inTop('tmp'))).toEqual([]);
    expect(lockstep(main, 'sync', 'recover').out).toContain('nothing to recover');

    fse.removeSync(inTop('hold'));
    const next = lockstep(main, 'sync', 'run', '--target', 'app');
    expect(next.out).toContain('in step');
    expect(next.exit).toBe(0);
    expect(tree()).not.toEqual(before);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s, puts everything back and exits %i', async (signal, code) => {
    const before = tree();
    const run = await syncing('willing');
    run.send(signal);
    const answer = await run.ended;
    expect(answer.exit).toBe(code);
    expect(answer.err).toBe('');
    expect(tree()).toEqual(before);
    await noProcessIsLeft();
    noLockAndNoJournalIsLeft();
  });

  it('with --json, ends a stream of whole lines with the end of the run', async () => {
    const before = tree();
    const run = await syncing('willing', '--json');
    run.send('SIGINT');
    const answer = await run.ended;
    expect(answer.exit).toBe(130);
    expect(answer.err).toBe('');
    expect(objects(answer)[0]).toMatchObject({ kind: 'run.started', targets: ['app'] });
    expect(lastObject(answer)).toMatchObject({
      kind: 'run.finished',
      results: [{ target: 'app', outcome: 'interrupted', error: { code: 'interrupted' } }],
      exit: 130,
    });
    expect(tree()).toEqual(before);
    await noProcessIsLeft();
    noLockAndNoJournalIsLeft();
  });

  it('by a second signal, ends at once; recover puts everything back', async () => {
    const before = tree();
    const run = await syncing('stubborn');
    run.send('SIGINT');
    await run.made(inTop('asked'));
    run.send('SIGINT');
    expect((await run.ended).exit).toBe(130);
    expect(tree()).not.toEqual(before);
    await noProcessIsLeft();

    expect(lockstep(main, 'sync', 'status').out).toContain('lockstep sync recover');
    const recovered = lockstep(main, 'sync', 'recover');
    expect(recovered.out).toMatch(/app: run \S+ was cut off: undone, \d+ paths put back/);
    expect(recovered.exit).toBe(0);
    expect(tree()).toEqual(before);
    noLockAndNoJournalIsLeft();
  });
});
