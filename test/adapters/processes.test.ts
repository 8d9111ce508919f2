import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { cleanEnvironment } from '../../src/adapters/environment.ts';
import { groupBook } from '../../src/adapters/process-groups.ts';
import { spawnProcesses } from '../../src/adapters/processes.ts';
import type { ProcessResult } from '../../src/ports.ts';
import { temporary } from '../fixtures/sandbox.ts';

const base = { PATH: process.env.PATH, HOME: '/nowhere' };
const processes = spawnProcesses(base);
const node = (script: string): [string, ...string[]] => [process.execPath, '-e', script];
const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];

const childEnvironment = (result: ProcessResult): Record<string, string> => JSON.parse(result.stdout.toString());
const printEnvironment = node('process.stdout.write(JSON.stringify(process.env))');

const isRunning = (pid: number): boolean => {
  try {
    // A zombie waits for a parent to look at it; it runs no more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const pidIn = async (path: string): Promise<number> => {
  for (let i = 0; i < 200 && !(existsSync(path) && readFileSync(path, 'utf8').endsWith('\n')); i += 1) await sleep(20);
  return Number(readFileSync(path, 'utf8'));
};

describe('the environment of children', () => {
  it('keeps none of the variables that git sets for its hooks', () => {
    const local = execFileSync('git', ['rev-parse', '--local-env-vars'], { encoding: 'utf8' }).trim().split('\n');
    expect(local).toContain('GIT_INDEX_FILE');
    const identity = [
      'GIT_AUTHOR_NAME',
      'GIT_AUTHOR_DATE',
      'GIT_COMMITTER_EMAIL',
      'GIT_CONFIG_KEY_0',
      'GIT_CONFIG_VALUE_0',
    ];
    const all = [...local, ...identity, 'GIT_QUARANTINE_PATH', 'GIT_EDITOR', 'git_dir'];
    expect(cleanEnvironment(Object.fromEntries(all.map((name) => [name, 'x'])))).toEqual({});
  });

  it('keeps how git reaches a network and what the rest of the machine needs', () => {
    const kept = {
      GIT_SSH_COMMAND: 'ssh -i key',
      GIT_ASKPASS: '/bin/askpass',
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      HTTPS_PROXY: 'http://proxy',
      no_proxy: 'localhost',
      SSH_AUTH_SOCK: '/run/agent',
      PATH: '/bin',
      LOCKSTEP_RUN: 'r1',
    };
    expect(cleanEnvironment(kept)).toEqual(kept);
  });

  it("drops the caller's pip and Python settings and an activated environment", () => {
    const dropped = ['PIP_INDEX_URL', 'PIP_USER', 'PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV', '__PYVENV_LAUNCHER__'];
    expect(cleanEnvironment(Object.fromEntries(dropped.map((name) => [name, 'x'])))).toEqual({});
  });

  it('reaches the child cleaned, with what the request adds', async () => {
    const dirty = spawnProcesses({ ...base, GIT_DIR: '/elsewhere', PYTHONPATH: '/elsewhere', LEFT: undefined });
    const seen = childEnvironment(await dirty.run({ argv: printEnvironment, as: 'command', env: { ADDED: '1' } }));
    expect(seen).toMatchObject({ HOME: '/nowhere', ADDED: '1' });
    expect(Object.keys(seen).filter((name) => /GIT_|PYTHON|PIP_|LEFT/.test(name))).toEqual([]);
  });

  it('lets Python write no bytecode and read no machine-wide pip.conf, unless the request says otherwise', async () => {
    for (const as of ['python', 'pip']) {
      expect(childEnvironment(await processes.run({ argv: printEnvironment, as }))).toMatchObject({
        PYTHONDONTWRITEBYTECODE: '1',
        PIP_CONFIG_FILE: '/dev/null',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
      });
    }
    const env = { PIP_CONFIG_FILE: '/own/pip.conf' };
    expect(childEnvironment(await processes.run({ argv: printEnvironment, as: 'pip', env }))).toMatchObject(env);
  });
});

describe('running a program', () => {
  it('answers a non-zero exit as data, with both outputs', async () => {
    const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 3';
    expect(await processes.run({ argv: node(script), as: 'command' })).toEqual({
      code: 3,
      stdout: Buffer.from('out'),
      stderr: 'err',
      timedOut: false,
      signal: null,
    });
  });

  it('keeps bytes as they are, the last newline included', async () => {
    const { stdout } = await processes.run({
      argv: node('process.stdout.write(Buffer.from([0, 255, 10]))'),
      as: 'command',
    });
    expect([...stdout]).toEqual([0, 255, 10]);
  });

  it('passes arguments without a shell and without joining them', async () => {
    const odd = ['a b', '$HOME', '*', '; rm', '', 'q"\'\\', 'línea\nnueva'];
    const argv = [...node('process.stdout.write(JSON.stringify(process.argv.slice(1)))'), ...odd] as const;
    const { stdout } = await processes.run({ argv: argv as unknown as [string, ...string[]], as: 'command' });
    expect(JSON.parse(stdout.toString())).toEqual(odd);
  });

  it('gives input, and no standard input when there is none', async () => {
    expect((await processes.run({ argv: ['cat'], as: 'command', input: 'given' })).stdout.toString()).toBe('given');
    expect((await processes.run({ argv: ['cat'], as: 'command', timeout: 5_000 })).code).toBe(0);
  });

  it('survives a program that does not read its input', async () => {
    const result = await processes.run({ argv: ['true'], as: 'command', input: Buffer.alloc(4_000_000) });
    expect(result.code).toBe(0);
  });

  it('streams both outputs as whole characters', async () => {
    const seen: string[] = [];
    const script =
      'const e = Buffer.from("é"); process.stdout.write(e.subarray(0, 1)); process.stderr.write("!"); setTimeout(() => process.stdout.write(e.subarray(1)), 100)';
    await processes.run({ argv: node(script), as: 'command', onOutput: (text) => seen.push(text) });
    expect(seen.join('')).toBe('!é');
  });

  it('throws what its listener threw, once the program has ended with all that it started', async () => {
    const pidFile = join(temporary('listener'), 'pid');
    const heard: string[] = [];
    const run = processes.run({
      argv: sh(`sleep 30 & echo $! > ${pidFile}; echo one; sleep 0.2; echo two; wait`),
      as: 'command',
      onOutput: (text) => {
        heard.push(text);
        throw new TypeError('no ear');
      },
    });
    await expect(run).rejects.toThrow(new TypeError('no ear'));
    expect(heard).toEqual(['one\n']);
    expect(isRunning(await pidIn(pidFile))).toBe(false);
  });

  it('carries an output of many megabytes', async () => {
    const { stdout } = await processes.run({ argv: sh('head -c 50000000 /dev/zero'), as: 'command' });
    expect(stdout.length).toBe(50_000_000);
  });

  it('counts what was started, by kind', async () => {
    const own = spawnProcesses(base);
    expect(own.counts()).toEqual({});
    await Promise.all(['git', 'git', 'pip'].map((as) => own.run({ argv: ['true'], as })));
    await own.run({ argv: ['/not/there'], as: 'python' }).catch(() => undefined);
    expect(own.counts()).toEqual({ git: 2, pip: 1 });
  });

  it('says which program cannot be started, and what to look at', async () => {
    await expect(processes.run({ argv: ['no-such-program'], as: 'command' })).rejects.toMatchObject({
      code: 'process-failed',
      message: expect.stringContaining('no-such-program'),
      hint: expect.stringContaining('installed'),
    });
    await expect(processes.run({ argv: ['true'], as: 'command', cwd: '/not/there' })).rejects.toMatchObject({
      code: 'process-failed',
      message: expect.stringContaining('/not/there'),
    });
    await expect(processes.run({ argv: ['true', 'a\0b'], as: 'command' })).rejects.toMatchObject({
      code: 'process-failed',
    });
  });
});

describe('ending a program', () => {
  it('ends grandchildren that hold the pipes when the time is up', async () => {
    const pidFile = join(temporary(), 'pid');
    const started = performance.now();
    const result = await processes.run({
      argv: sh(`sleep 60 & echo $! > ${pidFile}; sleep 60`),
      as: 'command',
      timeout: 700,
    });
    expect(result).toMatchObject({ timedOut: true, code: null, signal: 'SIGTERM' });
    expect(performance.now() - started).toBeLessThan(3_500);
    expect(isRunning(await pidIn(pidFile))).toBe(false);
  });

  it('ends a grandchild whose parent is gone already', async () => {
    const pidFile = join(temporary(), 'pid');
    const argv = sh(`sleep 60 & echo $! > ${pidFile}`);
    const result = await processes.run({ argv, as: 'command', timeout: 700 });
    expect(result).toMatchObject({ timedOut: true });
    expect(isRunning(await pidIn(pidFile))).toBe(false);
  });

  it('kills what does not listen to SIGTERM after two seconds, even when its pipes are closed', async () => {
    const pidFile = join(temporary(), 'pid');
    const deaf = `${process.execPath} -e 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); require("fs").writeFileSync("${pidFile}", process.pid + "\\n")'`;
    const started = performance.now();
    const controller = new AbortController();
    const running = processes.run({
      argv: sh(`${deaf} >/dev/null 2>&1 & sleep 60`),
      as: 'command',
      signal: controller.signal,
    });
    const pid = await pidIn(pidFile);
    controller.abort();
    const result = await running;
    expect(result).toMatchObject({ timedOut: false, signal: 'SIGTERM' });
    expect(performance.now() - started).toBeGreaterThan(1_900);
    await sleep(50);
    expect(isRunning(pid)).toBe(false);
  });

  it('gives up on a descendant that cannot be found and holds the pipes', async () => {
    const started = performance.now();
    const hidden = 'env -i setsid sleep 6 & sleep 60';
    const result = await processes.run({ argv: sh(hidden), as: 'command', timeout: 200 });
    expect(result.timedOut).toBe(true);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  describe('a child that called setsid', () => {
    const leaving = (file: string, then: string) =>
      sh(`setsid sh -c 'trap "" TERM; echo $$ > ${file}; sleep 60; :' & ${then}`);

    it('is ended with the rest when the time is up, though it listens to nothing', async () => {
      const file = join(temporary(), 'pid');
      const result = await processes.run({ argv: leaving(file, 'sleep 60'), as: 'command', timeout: 500 });
      expect(result.timedOut).toBe(true);
      expect(isRunning(await pidIn(file))).toBe(false);
    });

    it('is ended also with an environment of its own, and when its parent is over before it', async () => {
      const file = join(temporary(), 'pid');
      const deaf = `trap "" TERM; echo $$ > ${file}; sleep 60; :`;
      const script = `env -i PATH="$PATH" setsid sh -c 'setsid sh -c '\\''${deaf}'\\'' & sleep 60'`;
      const result = await processes.run({ argv: sh(script), as: 'command', timeout: 1_000 });
      expect(result.timedOut).toBe(true);
      expect(isRunning(await pidIn(file))).toBe(false);
    });

    it('is ended on abort', async () => {
      const file = join(temporary(), 'pid');
      const stop = new AbortController();
      const run = processes.run({ argv: leaving(file, 'sleep 60'), as: 'command', signal: stop.signal });
      const pid = await pidIn(file);
      expect(isRunning(pid)).toBe(true);
      stop.abort();
      await run;
      expect(isRunning(pid)).toBe(false);
    });

    it('is ended at once with all the others', async () => {
      const file = join(temporary(), 'pid');
      const groups = groupBook();
      const run = spawnProcesses(base, groups).run({ argv: leaving(file, 'sleep 60'), as: 'command' });
      const pid = await pidIn(file);
      groups.endAll();
      await run;
      await expect.poll(() => isRunning(pid)).toBe(false);
    });
  });

  describe('what a program leaves running', () => {
    it.each([
      ['in its group, pipes in hand', 'sleep 61 & exit 0'],
      ['in its group, pipes closed', 'sleep 61 >/dev/null 2>&1 & exit 0'],
      ['in a session of its own', 'setsid sleep 61 >/dev/null 2>&1 & exit 0'],
    ])('is ended and told when that was asked for: %s', async (_where, script) => {
      const result = await processes.run({ argv: sh(script), as: 'command', leftovers: 'end', timeout: 20_000 });
      expect(result).toMatchObject({ code: 0, timedOut: false, leftBehind: ['sleep 61'] });
    });

    it('is nothing where all is over, or will be in a moment', async () => {
      const result = await processes.run({
        argv: sh('(sleep 0.05; echo b) & echo a'),
        as: 'command',
        leftovers: 'end',
      });
      expect(result).toMatchObject({ code: 0, leftBehind: [] });
      expect(result.stdout.toString()).toBe('a\nb\n');
    });

    it('tells where each piece of output comes from', async () => {
      const seen: string[] = [];
      const onOutput = (text: string, from: string) => void seen.push(`${from} ${text.trim()}`);
      await processes.run({ argv: sh('echo out; sleep 0.1; echo err >&2'), as: 'command', onOutput });
      expect(seen).toEqual(['stdout out', 'stderr err']);
    });
  });

  it('starts nothing when the signal was given before', async () => {
    const own = spawnProcesses(base);
    const result = await own.run({ argv: ['true'], as: 'command', signal: AbortSignal.abort() });
    expect(result).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(own.counts()).toEqual({});
  });

  describe('the book of groups', () => {
    const watched = () => {
      const groups = groupBook();
      const seen: string[] = [];
      const marks = new Set<string>();
      groups.watch(({ mark, leader }, state) => {
        marks.add(mark);
        seen.push(leader === null ? `unknown ${state}` : `${typeof leader.startTime} ${state}`);
      });
      return { groups, seen, marks, own: spawnProcesses(base, groups) };
    };

    it('is told before a group starts, when its leader is known, and when it is over', async () => {
      const { groups, seen, marks, own } = watched();
      const { stdout } = await own.run({ argv: printEnvironment, as: 'command' });
      expect(seen).toEqual(['unknown live', 'string live', 'string over']);
      expect([...marks]).toEqual([JSON.parse(stdout.toString()).LOCKSTEP_GROUP]);
      expect(groups.live()).toEqual([]);
    });

    it('holds nothing of a program that could not be started', async () => {
      const { groups, seen, own } = watched();
      await expect(own.run({ argv: ['no-such-program'], as: 'command' })).rejects.toMatchObject({
        code: 'process-failed',
      });
      await expect(own.run({ argv: ['true', 'a\0b'], as: 'command' })).rejects.toMatchObject({
        code: 'process-failed',
      });
      expect(seen).toEqual(['unknown live', 'unknown over', 'unknown live', 'unknown over']);
      expect(groups.live()).toEqual([]);
    });

    it('keeps a group that others still run in when its leader is gone, until they are too', async () => {
      const { groups, own } = watched();
      const pidFile = join(temporary(), 'pid');
      await own.run({ argv: sh(`sleep 60 >/dev/null 2>&1 & echo $! > ${pidFile}`), as: 'command' });
      expect(groups.live()).toHaveLength(1);
      groups.endAll();
      for (let round = 0; round < 100 && groups.live().length > 0; round += 1) await sleep(20);
      expect(groups.live()).toEqual([]);
      expect(isRunning(await pidIn(pidFile))).toBe(false);
    });
  });

  it('leaves no child behind when this process ends', async () => {
    const pidFile = join(temporary(), 'pid');
    const script = join(temporary(), 'script.mjs');
    buildSync({
      stdin: {
        contents: `import { spawnProcesses } from './src/adapters/processes.ts';
          spawnProcesses(process.env).run({ argv: ['sh', '-c', 'echo $$ > ${pidFile}; sleep 60'], as: 'command' });
          setTimeout(() => process.exit(0), 1500);`,
        resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
      outfile: script,
    });
    const { code, stderr } = await processes.run({ argv: [process.execPath, script], as: 'command', timeout: 20_000 });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(isRunning(await pidIn(pidFile))).toBe(false);
  });
});
