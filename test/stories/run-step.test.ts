import { mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commit, makeVenv, pip, put, sampleMain } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';
import { lockstep, type Running, started } from './command.ts';

/** A program that leaves its session and writes on and on, where it said that it writes, with a child that does the same. */
const writer = `#!/bin/sh
echo mine > custom_nodes/app/a.txt
rm -f custom_nodes/app/gone.txt
mkdir -p custom_nodes/app/deep
[ -e "$HOLD/hold" ] || { echo done > custom_nodes/app/deep/done.txt; exit 0; }
setsid sh -c 'trap "" TERM; while :; do echo more >> custom_nodes/app/deep/late.txt; sleep 0.02; done' &
echo "$$ $!" > "$HOLD/writing" && mv "$HOLD/writing" "$HOLD/held"
while :; do echo more >> custom_nodes/app/deep/own.txt; sleep 0.02; done
`;

const pipeline = `name: nodes
steps:
  - { id: backup, uses: backup, with: { components: [docs] } }
  - { id: docs, uses: copy, with: { components: [docs] } }
  - id: nodes
    run: [sh, scripts/writer.sh]
    env: { HOLD: "\${{ env.HOLD }}" }
    writes: ["custom_nodes/app/**"]
`;

const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a sync with a program of the team’s own', () => {
  let top = '';
  let main = '';
  let target = '';
  let round = 0;
  const tree = () => treeLines(target, (path) => path.includes('__pycache__') || path === '.venv');
  const syncing = async (): Promise<Running> => {
    put(top, { hold: '' });
    const run = started(main, 'sync', 'run', '--target', 'app');
    await run.made(join(top, 'held'));
    await expect.poll(() => fse.existsSync(join(target, 'custom_nodes/app/deep/late.txt'))).toBe(true);
    return run;
  };
  const noProcessIsLeft = async () => {
    const pids = readFileSync(join(top, 'held'), 'utf8').trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  };

  beforeAll(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-run-step-')));
    process.env.HOLD = top;
    process.env.XDG_STATE_HOME = join(top, 'home');
    main = sampleMain(join(top, 'main'));
    target = join(top, 'app');
    const python = makeVenv(join(target, '.venv'));
    pip(python, 'install', '-q', '--no-index', '--no-build-isolation', '--no-deps', join(main, 'src/opencode'));
    fse.removeSync(join(main, 'src/opencode/build'));
    put(main, { 'scripts/writer.sh': writer, 'pipelines/nodes.yaml': pipeline });
    commit(main, 'test: a program that writes');
    put(target, { 'custom_nodes/app/a.txt': 'a\n', 'custom_nodes/app/gone.txt': 'gone\n' });
    expect(lockstep(main, 'target', 'add', 'app', '--path', '../app')).toMatchObject({ exit: 0 });
    const registry = join(main, '.git/lockstep/registry.json');
    const facts = fse.readJsonSync(registry);
    fse.writeJsonSync(registry, { targets: facts.targets.map((one: object) => ({ ...one, pipeline: 'nodes' })) });
    lockstep(main, 'trust', '--yes');
  });
  afterAll(() => fse.removeSync(top));
  beforeEach(() => {
    round += 1;
    for (const name of ['hold', 'held']) fse.removeSync(join(top, name));
    put(main, { [`docs/round-${round}.md`]: '# New\n' });
    commit(main, `docs: round ${round}`);
  });

  it('killed while it writes, is ended by recover with all that it started, and everything is put back', async () => {
    const before = tree();
    const run = await syncing();
    run.send('SIGKILL');
    await run.ended;
    expect(tree()).not.toEqual(before);
    const recovered = lockstep(main, 'sync', 'recover');
    expect(recovered).toMatchObject({ exit: 0, out: expect.stringMatching(/was cut off: undone/) });
    await noProcessIsLeft();
    expect(tree()).toEqual(before);
  });

  it('by SIGINT, is ended with a child that called setsid, and everything is put back', async () => {
    const before = tree();
    const run = await syncing();
    run.send('SIGINT');
    const answer = await run.ended;
    expect(answer).toMatchObject({ exit: 130, out: expect.stringContaining('everything was put back') });
    await noProcessIsLeft();
    expect(tree()).toEqual(before);
  });

  it('by a second signal, ends at once with a child that called setsid; recover puts everything back', async () => {
    const before = tree();
    const run = await syncing();
    run.send('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 200));
    run.send('SIGINT');
    expect((await run.ended).exit).toBe(130);
    await noProcessIsLeft();
    expect(lockstep(main, 'sync', 'recover').exit).toBe(0);
    expect(tree()).toEqual(before);
  });

  it('runs the program once, keeps what it wrote, and plans nothing the second time', () => {
    const plan = lockstep(main, 'sync', 'run', '--target', 'app', '--dry-run');
    expect(plan.out).toContain('! sh scripts/writer.sh');
    expect(plan.out).toContain('may write custom_nodes/app/**');
    const first = lockstep(main, 'sync', 'run', '--target', 'app');
    expect(first).toMatchObject({ exit: 0, err: '' });
    expect(readFileSync(join(target, 'custom_nodes/app/deep/done.txt'), 'utf8')).toBe('done\n');
    const after = tree();
    expect(lockstep(main, 'sync', 'run', '--target', 'app').out).toMatch(/app\s+in step\s+nothing/);
    expect(tree()).toEqual(after);
    const [backup = ''] = fse.readdirSync(join(main, '.git/lockstep/store/backups/app')).sort().slice(-1);
    const id = backup.replace(/\.json$/, '');
    expect(lockstep(main, 'target', 'restore', 'app', '--backup', id)).toMatchObject({ exit: 0, err: '' });
    expect(fse.existsSync(join(target, 'custom_nodes/app/deep'))).toBe(false);
    expect(readFileSync(join(target, 'custom_nodes/app/a.txt'), 'utf8')).toBe('a\n');
    expect(readFileSync(join(target, 'custom_nodes/app/gone.txt'), 'utf8')).toBe('gone\n');
  });
});
