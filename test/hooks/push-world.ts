/** A fleet with a bare repository beside it, and pushes told to the `pre-push` hook as git tells them. */
import { join } from 'node:path';
import fse from 'fs-extra';
import { dryRunPorts } from '../../src/adapters/dry-run.ts';
import type { World } from '../../src/cli/world.ts';
import { runHook } from '../../src/hooks/index.ts';
import { type Fleet, fleet, fleetAt, fleetConfig } from '../fixtures/fleet.ts';
import { machinePorts, machineWorld } from '../fixtures/machine-ports.ts';
import { commit, git, makeTemplate, put, template, temporary } from '../fixtures/sandbox.ts';

const none = '0'.repeat(40);
const ports = machinePorts();
const base = machineWorld('/', { out: () => {}, err: () => {} });

export interface Told {
  readonly exit: number;
  readonly lines: readonly string[];
}

export interface PushWorld extends Fleet {
  readonly remote: string;
  /** What the hook says to `local:remote` refs; an empty local one is a deletion. */
  readonly tell: (
    refs: readonly string[],
    how?: { readonly remote?: string; readonly changed?: Partial<World> },
  ) => Promise<Told>;
  /** The same, as a program reads it. */
  readonly ask: (refs: readonly string[], remote?: string) => Promise<Readonly<Record<string, unknown>>>;
  /** Really pushed, past every hook. */
  readonly push: (...refs: readonly string[]) => void;
  readonly settings: (hooks: string) => void;
}

const settingsIn = (root: string, hooks: string): void =>
  // A loaded machine is no reason for another answer.
  put(root, { 'sync.config.yaml': `${fleetConfig}hooks:\n  pre-push: ${hooks.replace(/^\{/, '{ budget: 60s,')}\n` });

/** Targets that were never synced, and a remote that has nothing. */
export const pushWorld = (...names: readonly string[]): PushWorld => {
  const { root, dir } = fleet(...names);
  settingsIn(root, '{ require: checklist }');
  git(root, 'commit', '-q', '-a', '--amend', '--no-edit');
  git(dir, 'init', '-q', '--bare', '-b', 'main', 'remote.git');
  git(root, 'remote', 'add', 'origin', '../remote.git');
  return pushWorldAt(dir);
};

const makeInStep = async (): Promise<string> => {
  const first = pushWorld('app', 'web');
  await first.run();
  first.push('main');
  return makeTemplate('in-step', (dir) => fse.copySync(first.dir, dir));
};

/** Targets app and web at the first commit, which the remote has too: a copy of what was made once. */
export const inStep = async (): Promise<PushWorld> => {
  const from = template('in-step') ?? (await makeInStep());
  const dir = temporary('push');
  fse.copySync(from, dir, { preserveTimestamps: true });
  return pushWorldAt(dir);
};

const pushWorldAt = (dir: string): PushWorld => {
  const one = fleetAt(dir);
  const { root } = one;
  const remote = join(dir, 'remote.git');
  const idOf = (cwd: string, ref: string): string => {
    try {
      return git(cwd, 'rev-parse', '--verify', '--quiet', ref);
    } catch {
      return none;
    }
  };
  const full = (ref: string): string => (ref.startsWith('refs/') ? ref : `refs/heads/${ref}`);
  const input = (refs: readonly string[]): string =>
    refs
      .map((ref) => {
        const [local = '', there = local] = ref.split(':');
        const localRef = local === '' ? '(delete)' : full(local);
        return `${localRef} ${local === '' ? none : idOf(root, localRef)} ${full(there)} ${idOf(remote, full(there))}\n`;
      })
      .join('');
  const call = async (
    refs: readonly string[],
    { name, changed, json }: { readonly name: string; readonly changed: Partial<World>; readonly json: boolean },
  ) => {
    const lines: string[] = [];
    const said = (line: string): void => void lines.push(line);
    const world: World = {
      ...base,
      terminal: { ...base.terminal, out: said, err: said },
      cwd: root,
      ports: async (mode) => (mode === 'real' ? ports : dryRunPorts(ports)),
      input: async () => input(refs),
      ...changed,
    };
    return { exit: await runHook(world, { name: 'pre-push', args: [name, remote], json, first: 60_000 }), lines };
  };
  return {
    ...one,
    remote,
    tell: (refs, { remote: name = 'origin', changed = {} } = {}) => call(refs, { name, changed, json: false }),
    ask: async (refs, name = 'origin') =>
      JSON.parse((await call(refs, { name, changed: {}, json: true })).lines[0] ?? ''),
    push: (...refs) => void git(root, 'push', '-q', '--no-verify', 'origin', ...refs),
    settings: (hooks) => {
      settingsIn(root, hooks);
      commit(root, 'build: hooks');
    },
  };
};
