/** The shells that a hook's script is run under, and what a script is run in: a made-up repository and a stand-in for node. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type HookName, hookScript, launcherHeader, type ScriptSpec } from '../../src/domain/hooks/script.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

/** Whether a program is on PATH. */
export const there = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).status === 0;

export interface Shell {
  /** What starts it. */
  readonly shell: readonly [string, ...string[]];
  /** As titles of tests name it, with what a machine lacks. */
  readonly called: string;
  readonly lacking: boolean;
}

/** POSIX shells, also those that this machine lacks: their tests are skipped by name. */
export const shells: readonly Shell[] = ([['dash'], ['busybox', 'sh'], ['bash', '--posix'], ['posh']] as const).map(
  (shell) => {
    const [program] = shell;
    const lacking = !there(program);
    return {
      shell,
      lacking,
      called: `${shell.join(' ')}${lacking ? `, needs ${program}: apt-get install ${program}` : ''}`,
    };
  },
);

export interface Answer {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  /** What the stand-in for node was started with, one line a start. */
  readonly started: readonly string[];
  /** What it read from its standard input. */
  readonly read: string;
}

export interface Scene {
  readonly root: string;
  /** The hook's file. */
  readonly hook: string;
  readonly state: string;
  readonly main: string;
  /** Sets how long ago a path was written, in seconds. */
  readonly age: (seconds: number, ...paths: readonly string[]) => void;
  readonly run: (call?: Call) => Answer;
}

export interface Call {
  readonly shell?: readonly [string, ...string[]];
  readonly args?: readonly string[];
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What the stand-in does after it has left its mark. */
const standIn = (does: string): string =>
  `#!/bin/sh\nhere=\${0%/*}\nprintf '%s\\n' "$*" >>"$here/started"\ncat >"$here/read"\n${does}\n`;

/** A repository as far as a script can tell, with its hook in place and its launcher recorded. */
export const scene = (name: HookName, spec: ScriptSpec & { readonly does?: string }): Scene => {
  const root = temporary('script');
  const state = join(root, '.git/lockstep');
  const tools = temporary('tools');
  const main = join(tools, 'main.js');
  const hook = join(root, '.git/hooks', name);
  mkdirSync(join(root, '.git/objects'), { recursive: true });
  put(root, { 'sync.config.yaml': 'version: 1\n', 'pipelines/a.yaml': 'name: a\n' });
  put(tools, { 'main.js': '', node: standIn(spec.does ?? '') });
  chmodSync(join(tools, 'node'), 0o755);
  put(dirname(hook), { [name]: hookScript(name, spec) });
  chmodSync(hook, 0o755);
  put(state, { launcher: `${launcherHeader}\n${join(tools, 'node')}\n${main}\n`, 'registry.json': '{}' });
  const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return {
    root,
    hook,
    state,
    main,
    age: (seconds, ...paths) => {
      const at = Date.now() / 1000 - seconds;
      for (const path of paths) utimesSync(path, at, at);
    },
    run: ({ shell = ['dash'], args = ['origin', 'https://example.org/main.git'], input = '', env = {}, cwd } = {}) => {
      const { LOCKSTEP_HOOK: _, ...clean } = process.env;
      const [program, ...words] = shell;
      const result = spawnSync(program, [...words, hook, ...args], {
        cwd: cwd ?? root,
        input,
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        env: { ...clean, ...env },
      });
      return {
        status: result.status,
        out: result.stdout,
        err: result.stderr,
        started: textOf(join(tools, 'started'))
          .split('\n')
          .filter((line) => line !== ''),
        read: textOf(join(tools, 'read')),
      };
    },
  };
};
