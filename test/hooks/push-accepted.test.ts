import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it, vi } from 'vitest';
import type { MainProject } from '../../src/app/main-project.ts';
import { acceptPush } from '../../src/app/push/accept.ts';
import { hookScript, launcherHeader } from '../../src/domain/hooks/script.ts';
import type { Ports } from '../../src/ports.ts';
import { saveFailed } from '../../src/store/failed-commits.ts';
import { openReceipts } from '../../src/store/receipts.ts';
import { saveVerify } from '../../src/store/runs.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { git, put } from '../fixtures/sandbox.ts';
import { inStep, type PushWorld } from './push-world.ts';

// A loaded machine is no reason for another answer.
vi.setConfig({ testTimeout: 300_000 });

const ports = machinePorts();

interface Accepted extends PushWorld {
  readonly project: MainProject;
  readonly ok: string;
  readonly id: string;
  /** Whether git's hook asks Lockstep about the same push again. */
  readonly asks: (line?: string, args?: readonly string[]) => boolean;
  readonly accept: (more?: Partial<Parameters<typeof acceptPush>[1]>) => Promise<void>;
  /** Everything ten seconds old but what was accepted, which is five seconds old. */
  readonly settle: () => void;
}

/** A main project in step, the hook in place with a stand-in for Lockstep, and nothing accepted yet. */
const world = async (): Promise<Accepted> => {
  const one = await inStep();
  const { root, dir } = one;
  const project = await one.main(ports);
  const tools = join(dir, 'tools');
  const hook = join(root, '.git/hooks/pre-push');
  const ok = project.state.pushOk;
  const id = git(root, 'rev-parse', 'HEAD');
  put(tools, { 'lockstep.js': '', node: `#!/bin/sh\necho asked >>"\${0%/*}/started"\ncat >/dev/null\n` });
  chmodSync(join(tools, 'node'), 0o755);
  put(root, {
    '.git/hooks/pre-push': hookScript('pre-push', { caller: 'git' }),
    '.git/lockstep/launcher': `${launcherHeader}\n${join(tools, 'node')}\n${join(tools, 'lockstep.js')}\n`,
  });
  chmodSync(hook, 0o755);
  const launcher = { node: join(tools, 'node'), main: join(tools, 'lockstep.js') };
  const age = (seconds: number, path: string): void => {
    const at = Date.now() / 1000 - seconds;
    utimesSync(path, at, at);
  };
  const settle = (): void => {
    // Links and the remote are of no concern.
    for (const path of fse.readdirSync(dir, { recursive: true }).map(String)) {
      if (/^main\/\.git\/(?!lockstep|hooks)|^remote/.test(path) || fse.lstatSync(join(dir, path)).isSymbolicLink())
        continue;
      age(10, join(dir, path));
    }
    age(10, dir);
    if (existsSync(ok)) age(5, ok);
  };
  const ref = { localRef: 'refs/heads/main', localId: id, remoteRef: 'refs/heads/main', remoteId: null };
  return {
    ...one,
    project,
    ok,
    id,
    settle,
    asks: (line = `refs/heads/main ${id} refs/heads/main ${'0'.repeat(40)}\n`, args = ['origin', one.remote]) => {
      rmSync(join(tools, 'started'), { force: true });
      const { LOCKSTEP_HOOK: _, ...env } = process.env;
      spawnSync('dash', [hook, ...args], { cwd: root, input: line, env });
      return existsSync(join(tools, 'started'));
    },
    accept: async (more = {}) => {
      settle();
      const judgement = { groups: [], keptBranches: [], targets: project.registry.read().targets, settled: [ref] };
      await acceptPush(project, {
        judgement,
        refs: [ref],
        remote: 'origin',
        url: one.remote,
        since: BigInt(Date.now() - 4000) * 1_000_000n,
        launcher,
        writing: async () => ports,
        after: undefined,
        ...more,
      });
      if (existsSync(ok)) age(5, ok);
    },
  };
};

type Way = readonly [name: string, change: (at: Accepted) => unknown];

const touchNow = (path: string): void => utimesSync(path, new Date(), new Date());
const receiptPath = ({ project, at }: Accepted): string =>
  openReceipts(ports).path({ target: at('app') }, project.project.id);

/** Everything that could change the answer *nothing to sync*. */
const ways: readonly Way[] = [
  [
    'a status in the registry',
    ({ project }) =>
      project.registry.update((all) => ({
        ...all,
        targets: all.targets.map((one) => ({ ...one, status: 'rolled_back' as const })),
      })),
  ],
  [
    'a target put on hold',
    ({ project }) =>
      project.registry.update((all) => ({ ...all, targets: all.targets.map((one) => ({ ...one, hold: true })) })),
  ],
  ['a target removed', ({ project }) => project.registry.update((all) => ({ ...all, targets: all.targets.slice(1) }))],
  [
    'the registry edited by hand',
    ({ root }) =>
      writeFileSync(join(root, '.git/lockstep/registry.json'), readFileSync(join(root, '.git/lockstep/registry.json'))),
  ],
  ['the registry removed', ({ root }) => rmSync(join(root, '.git/lockstep/registry.json'))],
  [
    'a run begun: its journal is state',
    ({ project }) => project.ports.state.createExclusive(join(project.state.journal, 'x'), ''),
  ],
  ['a line added to state', ({ project }) => project.ports.state.append(join(project.state.dir, 'x'), 'y\n', 'lazy')],
  ['state removed', ({ project }) => project.ports.state.remove(join(project.state.dir, 'x'))],
  ['a folder of state made', ({ project }) => project.ports.state.makeDir(join(project.state.dir, 'more'))],
  ['a pack of backups begun', ({ project }) => project.ports.state.openNew(join(project.state.dir, 'pack')).discard()],
  [
    'a commit that failed',
    ({ project, id }) =>
      saveFailed(project.ports, project.state, {
        target: 'app',
        failed: { commit: id, run: 'r', time: '', cause: '' },
      }),
  ],
  [
    'a verification kept',
    ({ project }) =>
      saveVerify(project.ports, project.state, { target: 'app', result: { outcome: 'failed', time: '' } }),
  ],
  ['a receipt removed', (at) => rmSync(receiptPath(at))],
  ['a receipt edited', (at) => touchNow(receiptPath(at))],
  [
    'a receipt put in place by a rename, with old times',
    (at) => {
      const path = receiptPath(at);
      fse.copySync(path, join(at.dir, 'old.json'), { preserveTimestamps: true });
      renameSync(join(at.dir, 'old.json'), path);
    },
  ],
  ['a target moved away', ({ dir, at }) => renameSync(at('app'), join(dir, 'away'))],
  [
    'another folder in the place of a target, with old times',
    ({ dir, at }) => {
      fse.copySync(at('app'), join(dir, 'twin'), { preserveTimestamps: true });
      rmSync(at('app'), { recursive: true });
      renameSync(join(dir, 'twin'), at('app'));
    },
  ],
  [
    'a link in the place of a target',
    ({ dir, at }) => {
      renameSync(at('app'), join(dir, 'away'));
      symlinkSync('away', at('app'));
    },
  ],
  ['the configuration edited', ({ root }) => touchNow(join(root, 'sync.config.yaml'))],
  ['the configuration removed', ({ root }) => rmSync(join(root, 'sync.config.yaml'))],
  ['a pipeline edited', ({ root }) => touchNow(join(root, 'pipelines/documents.yaml'))],
  ['a pipeline added', ({ root }) => put(root, { 'pipelines/more.yaml': 'name: more\n' })],
  ['a pipeline removed', ({ root }) => rmSync(join(root, 'pipelines/documents.yaml'))],
  ['another build of Lockstep', ({ dir }) => touchNow(join(dir, 'tools/lockstep.js'))],
  ['a part of another build', ({ dir }) => put(dir, { 'tools/chunk.js': '' })],
  ['another Lockstep recorded', ({ root }) => touchNow(join(root, '.git/lockstep/launcher'))],
  ['another hook', ({ root }) => touchNow(join(root, '.git/hooks/pre-push'))],
];

it.each(ways)('what was accepted is gone or too old after %s', async (_, change) => {
  const at = await world();
  await at.accept();
  expect(at.asks()).toBe(false);
  await change(at);
  expect(at.asks()).toBe(true);
});

describe('what was accepted', () => {
  it('is this ref, object, remote and address, and nothing that looks like it', async () => {
    const { accept, asks, id, remote, ok } = await world();
    await accept();
    expect(readFileSync(ok, 'utf8').split('\n').at(-2)).toBe(`ok origin ${remote} refs/heads/main ${id}`);
    const none = '0'.repeat(40);
    expect(asks(`refs/heads/side ${id} refs/heads/main ${'9'.repeat(40)}\n`)).toBe(false);
    expect(asks(`refs/heads/main ${id} refs/heads/other ${none}\n`)).toBe(true);
    expect(asks(`refs/heads/main ${'a'.repeat(40)} refs/heads/main ${none}\n`)).toBe(true);
    expect(asks(`(delete) ${none} refs/heads/main ${id}\n`)).toBe(true);
    expect(asks(undefined, ['other', remote])).toBe(true);
    expect(asks(undefined, ['origin', `${remote}/`])).toBe(true);
  });

  it('is nothing where a value is odd, a path is not what it seems, or something is younger than the looking', async () => {
    const at = await world();
    const { accept, ok, dir, root, id } = at;
    const odd: readonly Partial<Parameters<typeof acceptPush>[1]>[] = [
      { url: '/a folder/remote.git' },
      { remote: 'ori\ngin' },
      { launcher: { node: '/n', main: join(dir, 'gone.js') } },
      { since: BigInt(Date.now() - 20_000) * 1_000_000n },
      {
        judgement: {
          groups: [],
          keptBranches: [],
          targets: at.project.registry.read().targets,
          settled: [{ localRef: 'v1', localId: id, remoteRef: 'refs/tags/v1', remoteId: null }],
        },
      },
    ];
    for (const more of odd) {
      await accept(more);
      expect(
        existsSync(ok),
        JSON.stringify(more, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      ).toBe(false);
    }
    renameSync(at.at('app'), join(dir, 'away'));
    symlinkSync('away', at.at('app'));
    await accept();
    expect(existsSync(ok)).toBe(false);
    rmSync(join(root, 'pipelines'), { recursive: true });
    symlinkSync(dirname(root), join(root, 'pipelines'));
    await accept();
    expect(existsSync(ok)).toBe(false);
  });

  it('adds up, as long as all of it holds', async () => {
    const { accept, ok, id, remote, asks } = await world();
    await accept();
    const side = { localRef: 'refs/heads/side', localId: id, remoteRef: 'refs/heads/side', remoteId: null };
    const next = {
      groups: [],
      keptBranches: [],
      targets: (await world()).project.registry.read().targets.slice(0, 0),
      settled: [side],
    };
    await accept({ judgement: { ...next, targets: [] } });
    // It watches something else: the first one is not taken over.
    expect(readFileSync(ok, 'utf8')).not.toContain('refs/heads/main');
    await accept();
    await accept({ url: `${remote}2` });
    expect(readFileSync(ok, 'utf8')).toContain(`ok origin ${remote} refs/heads/main ${id}`);
    expect(asks()).toBe(false);
  });
});

describe('a push that is let through', () => {
  const told = async (
    more: Partial<Parameters<PushWorld['tell']>[1]> = {},
    prepare: (at: Accepted) => void = () => {},
  ) => {
    const at = await world();
    prepare(at);
    at.settle();
    const answer = await at.tell(['main'], {
      ...more,
      changed: { launcher: { node: 'node', main: join(at.dir, 'tools/lockstep.js') }, ...more.changed },
    });
    const { pushOk, pushNote } = at.project.state;
    return {
      at,
      answer,
      ok: existsSync(pushOk),
      note: existsSync(pushNote) ? readFileSync(pushNote, 'utf8') : undefined,
    };
  };

  it('is remembered where no target lacks anything, and leaves a note of what it brings', async () => {
    const { at, ok, note } = await told();
    expect(ok).toBe(true);
    expect(note).toBe(`lockstep-push-note 1\npushed origin refs/heads/main ${at.id}\n`);
  });

  it('is not remembered where a target lacks something, though only of what the remote has already', async () => {
    const { answer, ok, note, at } = await told({}, ({ root, push }) => {
      put(root, { 'docs/a.md': 'a2\n' });
      git(root, 'commit', '-q', '-a', '-m', 'docs: more');
      push('main');
      put(root, { 'notes.txt': 'n\n' });
      git(root, 'add', '.');
      git(root, 'commit', '-q', '-m', 'chore: notes');
    });
    expect(answer.lines).toEqual(['lockstep pre-push: nothing to sync in what main brings to origin']);
    expect(ok).toBe(false);
    expect(note).toContain(git(at.root, 'rev-parse', 'HEAD'));
  });

  it('is not remembered where the configuration changed while it was looked at', async () => {
    let root = '';
    const { ok } = await told(
      {
        changed: {
          input: async () => {
            touchNow(join(root, 'sync.config.yaml'));
            return `refs/heads/main ${git(root, 'rev-parse', 'HEAD')} refs/heads/main ${'0'.repeat(40)}\n`;
          },
        },
      },
      (at) => {
        root = at.root;
      },
    );
    expect(ok).toBe(false);
  });

  it('leaves no note of a push that Lockstep itself makes, nor where nothing is to follow', async () => {
    expect((await told({ changed: { env: { LOCKSTEP_PUSH: '1' } } })).note).toBeUndefined();
  });
});

it('a dry run takes nothing back, for it changes nothing', async () => {
  const at = await world();
  await at.accept();
  await at.run({ mode: 'dry-run' }, { ...ports, state: {} as Ports['state'] });
  expect(at.asks()).toBe(false);
});
