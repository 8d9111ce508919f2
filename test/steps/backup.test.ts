import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toRooted } from '../../src/domain/paths.ts';
import type { FileAction, StepPlan } from '../../src/domain/plan.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import type { TargetLayout } from '../../src/domain/target.ts';
import { backup } from '../../src/steps/backup.ts';
import { wholeTargetEntries } from '../../src/steps/backup-entries.ts';
import type { ApplyContext, PlanContext } from '../../src/steps/step.ts';
import { type BackupManifest, openBackups } from '../../src/store/backups.ts';
import { sha256 } from '../../src/store/main-tree.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { realPorts } from '../fixtures/package-target.ts';
import { commit, git, initRepo, put, temporary } from '../fixtures/sandbox.ts';

const ports = realPorts();

const receipt = (root: string, files: Readonly<Record<string, readonly string[]>>): Receipt => ({
  format: 1,
  project: 'main',
  target: 'comfyui',
  commit: 'c',
  version: 'v1',
  run: 'r',
  time: '2026-02-24T00:00:00Z',
  components: Object.fromEntries(
    Object.entries(files).map(([name, paths]) => [
      name,
      {
        commit: 'c',
        dirs: [],
        files: Object.fromEntries(
          paths.map((path) => [path, { sha256: sha256(readFileSync(join(root, path))), mode: 0o644 }]),
        ),
      },
    ]),
  ),
  config: { 'opencode.toml': { from: 'config/opencode.toml', blob: 'b', salt: 's', keys: {} } },
  decisions: [],
});

const action = (component: string, path: string): FileAction => ({
  kind: 'file',
  component,
  path,
  before: { kind: 'absent' },
  after: { kind: 'link', to: 'x' },
  cause: 'new in main',
});

const step = (...actions: StepPlan['actions']): StepPlan => ({
  id: 's',
  uses: 'copy',
  actions,
  skipped: null,
  patch: {},
  warnings: [],
});

const mainFiles = ['docs/a.md'].map((path) => ({
  path,
  mode: '100644',
  blob: `blob of ${path}`,
  size: 1,
}));

interface Scene {
  readonly root: string;
  readonly context: PlanContext;
  readonly made: () => Promise<BackupManifest | undefined>;
}

const scene = (planned: readonly StepPlan[], layout: Partial<TargetLayout> = {}): Scene => {
  const root = temporary('target');
  put(root, { 'docs/a.md': 'a', 'docs/b.md': 'bb', 'plans/p.md': 'p', 'opencode.toml': 'x = 1', 'mine.txt': 'mine' });
  const backups = openBackups(ports, statePlaces(join(temporary('state'), 's')));
  const outputs = new Map<string, Readonly<Record<string, unknown>>>();
  const context = {
    run: { id: 'run-1' },
    project: {
      root: '/nowhere',
      protect: [],
      config: [],
      components: ['docs', 'plans'].map((name) => ({
        name,
        onConflict: 'keep',
        sources: [{ from: [name], into: name, exclude: [] }],
      })),
    },
    main: {
      commit: 'c',
      under: async (path: string) => mainFiles.filter((entry) => path === '' || entry.path.startsWith(`${path}/`)),
      unnamed: async () => [],
    },
    fill: (template: string) => template,
    target: { name: 'comfyui' },
    layout: {
      roots: { target: root },
      type: 'site-packages',
      site: null,
      installations: [],
      packageDir: null,
      python: null,
      checkout: null,
      linkedToMain: true,
      ...layout,
    },
    receipt: receipt(root, { docs: ['docs/a.md', 'docs/b.md'], plans: ['plans/p.md'] }),
    ports,
    backups,
    planned,
    outputs,
  } as unknown as PlanContext;
  return {
    root,
    context,
    made: async () => {
      const plan = await backup.plan(context, {}, 'backup');
      expect(backups.list()).toEqual([]);
      await backup.apply?.({ ...context, plan: planned } as unknown as ApplyContext, plan);
      const id = outputs.get('backup')?.id;
      return typeof id === 'string' ? backups.get('comfyui', id) : undefined;
    },
  };
};

describe('the backup step', () => {
  it('is skipped when nothing will be touched', async () => {
    const { context } = scene([step({ kind: 'note', sign: '+', text: 'tag' })]);
    expect(await backup.plan(context, {}, 'backup')).toMatchObject({ actions: [], skipped: 'nothing will be touched' });
  });

  it('says what it will hold, and holds whole components with all that the plan touches', async () => {
    const { context, made, root } = scene([step(action('docs', 'docs/new.md')), step(action('nodes', 'mine.txt'))]);
    expect((await backup.plan(context, {}, 'backup')).actions).toEqual([
      { kind: 'note', sign: '+', text: 'backup of docs, plans, config, nodes (5 files, 13 bytes)' },
    ]);
    const manifest = await made();
    expect(manifest?.entries.map(({ component, path, state }) => `${component} ${path} ${state.kind}`)).toEqual([
      'docs docs/a.md file',
      'docs docs/b.md file',
      'docs docs/new.md absent',
      'nodes mine.txt file',
      'config opencode.toml file',
      'plans plans/p.md file',
    ]);
    expect(manifest).toMatchObject({
      run: 'run-1',
      commit: 'c',
      version: 'v1',
      receipt: context.receipt,
      checkout: null,
    });
    expect(existsSync(join(root, 'docs/new.md'))).toBe(false);
  });

  it('holds what the plan touches though its component was not named', async () => {
    const { context } = scene([step(action('plans', 'plans/new.md'))]);
    const plan = await backup.plan(context, { components: ['docs'] }, 'backup');
    expect(plan.facts?.paths).toEqual({ docs: ['docs/a.md', 'docs/b.md'], plans: ['plans/new.md', 'plans/p.md'] });
  });

  it('lets the store read back what it has of the paths that the plan replaces or removes, and of no other', async () => {
    const before = { kind: 'file', sha256: sha256('a'), mode: 0o644, size: 1 } as const;
    const { context, made } = scene([
      step(
        { ...action('docs', 'docs/a.md'), before },
        { ...action('docs', 'docs/b.md'), before, after: { kind: 'absent' } },
        action('docs', 'docs/new.md'),
      ),
    ]);
    const { create } = context.backups;
    let touched: readonly string[] = [];
    Object.assign(context.backups, {
      create: (request: Parameters<typeof create>[0]) => {
        touched = [...(request.touched ?? [])];
        return create(request);
      },
    });
    await made();
    expect(touched).toEqual(['docs/a.md', 'docs/b.md']);
  });

  it('leaves bytecode out', async () => {
    const { context } = scene([step(action('docs', 'docs/__pycache__/a.pyc'), action('docs', 'docs/c.md'))]);
    const plan = await backup.plan(context, { components: ['docs'] }, 'backup');
    expect(plan.facts?.paths).toEqual({ docs: ['docs/a.md', 'docs/b.md', 'docs/c.md'] });
  });

  it('stops the run with the name of what cannot be held', async () => {
    const { context, root } = scene([step(action('docs', 'docs/pipe'))]);
    const plan = await backup.plan(context, { components: ['docs'] }, 'backup');
    await ports.processes.run({ argv: ['mkfifo', join(root, 'docs/pipe')], as: 'command' });
    await expect(backup.apply?.({ ...context, plan: [] } as unknown as ApplyContext, plan)).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('docs/pipe'),
    });
  });

  it('records where a clone stands, and says that a linked package cannot be restored', async () => {
    const checkout = initRepo(join(temporary('clone'), 'clone'));
    const id = commit(checkout, 'feat: first');
    const linked = scene([step(action('docs', 'docs/new.md'))], { checkout, linkedToMain: true });
    expect((await backup.plan(linked.context, {}, 'backup')).warnings).toEqual([
      expect.stringContaining('cannot be restored'),
    ]);
    expect((await linked.made())?.checkout).toBeNull();
    const clone = scene([step(action('docs', 'docs/new.md'))], { checkout, linkedToMain: false });
    expect((await clone.made())?.checkout).toEqual({ path: checkout, ref: 'refs/heads/main', commit: id });
    git(checkout, 'checkout', '-q', '--detach');
    const detached = scene([step(action('docs', 'docs/new.md'))], { checkout, linkedToMain: false });
    expect((await detached.made())?.checkout).toEqual({ path: checkout, ref: 'HEAD', commit: id });
  });
});

it('a backup of the whole target holds what stands there now', async () => {
  const { context, root } = scene([]);
  put(root, { 'plans/p.md': null });
  const { entries, components } = await wholeTargetEntries(context);
  expect(components).toEqual(['docs', 'plans', 'config']);
  expect(entries.map(({ path }) => path)).toEqual(['docs/a.md', 'docs/b.md', 'opencode.toml']);
  expect(entries.map(({ absolute }) => toRooted({ target: root }, absolute))).toEqual(entries.map(({ path }) => path));
});

it('holds a file that its owner copied by hand and that the receipt of this run will claim', async () => {
  const { root, context } = scene([step(action('docs', 'docs/new.md'))]);
  put(root, { 'docs/by-hand.md': 'copied' });
  mainFiles.push({ path: 'docs/by-hand.md', mode: '100644', blob: 'blob', size: 1 });
  onTestFinished(() => void mainFiles.pop());
  const plan = await backup.plan(context, {}, 'backup');
  expect(plan.facts?.paths).toMatchObject({ docs: expect.arrayContaining(['docs/by-hand.md']) });
});
