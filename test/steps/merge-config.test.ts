import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, onTestFinished, test } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { installedGit } from '../../src/adapters/git.ts';
import { spawnProcesses } from '../../src/adapters/processes.ts';
import type { Content, StepPlan } from '../../src/domain/plan.ts';
import type { ConfigSpec } from '../../src/domain/project.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import { defaultSecrets } from '../../src/domain/secrets.ts';
import type { RunFacts } from '../../src/integrations/target-context.ts';
import { planConfig } from '../../src/steps/merge-config/plan.ts';
import { mergeConfigStep } from '../../src/steps/merge-config.ts';
import type { PlanContext } from '../../src/steps/step.ts';
import { openMainTree } from '../../src/store/main-tree.ts';
import { commit, git, put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';

const env = { ...process.env };
const gitPort = installedGit(spawnProcesses(env), env);
const from = 'config/opencode.toml';
const strategies = {
  default_model: 'keep',
  data_dir: 'keep',
  log_level: 'keep',
  providers: 'merge',
  tools: 'merge',
} as const;

interface Bench {
  readonly main: string;
  readonly target: string;
  receipt: Receipt | undefined;
  config: readonly ConfigSpec[];
  run: Partial<RunFacts>;
  type: string;
  protect: readonly string[];
}

const bench = (): Bench => {
  const dir = temporary('merge');
  fse.ensureDirSync(join(dir, 'target'));
  return {
    main: sampleMain(join(dir, 'main')),
    target: join(dir, 'target'),
    receipt: undefined,
    config: [{ from, into: 'opencode.toml', strategies }],
    run: {},
    type: 'site-packages',
    protect: [],
  };
};

const contextOf = (place: Bench, provided: Map<string, Content>): PlanContext => {
  const head = git(place.main, 'rev-parse', 'HEAD');
  const files = diskFiles((dir) => onTestFinished(() => fse.removeSync(dir)));
  // Only what this step may look at; anything else it touched would be undefined and fail the test.
  return {
    run: {
      id: 'r1',
      commit: head,
      full: false,
      reason: null,
      version: null,
      only: null,
      complete: false,
      ...place.run,
    },
    project: {
      id: 'opencode',
      root: place.main,
      config: place.config,
      protect: place.protect,
      secrets: defaultSecrets,
    },
    target: { name: 'comfy', path: '../target', type: place.type },
    layout: { type: place.type, roots: { target: place.target } },
    receipt: place.receipt,
    main: openMainTree(gitPort.open(place.main), head),
    ports: { files },
    fill: (template: string) => template.replaceAll('${{ target.name }}', 'comfy'),
    provide: (sha: string, content: Content) => provided.set(sha, content),
    planned: [],
  } as unknown as PlanContext;
};

/** Plans, writes what was planned, and commits the patch, as a run would. */
const sync = async (place: Bench): Promise<StepPlan> => {
  const provided = new Map<string, Content>();
  const context = contextOf(place, provided);
  const plan = await mergeConfigStep.plan(context, {}, 'config');
  for (const action of plan.actions) {
    if (action.kind !== 'file' || action.after.kind !== 'file') throw new Error('only files are written');
    const content = provided.get(action.after.sha256);
    if (content?.from !== 'bytes') throw new Error('bytes were not provided');
    fse.outputFileSync(join(place.target, action.path), content.bytes, { mode: action.after.mode });
  }
  const old = place.receipt;
  const replaced = new Set(Object.keys(plan.patch.config ?? {}));
  place.receipt = {
    format: 1,
    project: 'opencode',
    target: 'comfy',
    commit: context.run.commit,
    version: null,
    run: 'r1',
    time: '2026-02-24T00:00:00Z',
    components: {},
    config: { ...old?.config, ...plan.patch.config },
    decisions: [...(old?.decisions ?? []).filter(({ path }) => !replaced.has(path)), ...(plan.patch.decisions ?? [])],
  };
  return plan;
};

const edit = (place: Bench, path: string, change: (text: string) => string): void =>
  writeFileSync(join(place.target, path), change(text(place.target, path)));

const inMain = (place: Bench, change: (text: string) => string): void => {
  put(place.main, { [from]: change(text(place.main, from)) });
  commit(place.main, 'feat: configuration');
};

const nothing = { actions: [], patch: {}, warnings: [] };

describe("the reference's merge table", () => {
  test('a missing file is copied whole, then nothing is left to do', async () => {
    const place = bench();
    const plan = await sync(place);
    expect(plan.actions).toMatchObject([
      { kind: 'file', component: 'config', path: 'opencode.toml', before: { kind: 'absent' }, after: { mode: 0o644 } },
    ]);
    expect(readFileSync(join(place.target, 'opencode.toml'))).toEqual(readFileSync(join(place.main, from)));
    expect(await sync(place)).toMatchObject({ ...nothing, skipped: 'every configuration file is in step' });
  });

  test("merges main's news into a file that its owner edited, comments and order intact", async () => {
    const place = bench();
    await sync(place);
    edit(place, 'opencode.toml', (old) =>
      `# mine\n${old}`
        .replace('default_model = "gpt-a"      # which', 'default_model = "local"   # my own, which')
        .replace('timeout = 30 ', 'timeout = 99 ')
        .replace('["read", "write"]', '["read", "mine"]'),
    );
    const before = text(place.target, 'opencode.toml');
    inMain(place, (old) =>
      `${old.replace('"gpt-a"      #', '"gpt-b"      #').replace('["read", "write"]', '["read", "write", "bash"]')}
[providers.anthropic]
api_key = "sk-s3cret"
`.replace('log_level = "INFO"', 'log_level = "WARN"\ntheme = "dark"'),
    );
    const plan = await sync(place);
    expect(text(place.target, 'opencode.toml')).toBe(
      `${before
        .replace('["read", "mine"]', '["read", "mine", "bash"]')
        .replace('log_level = "INFO"\n', 'log_level = "INFO"\ntheme = "dark"\n')
        .replace('fill in your own\n', 'fill in your own\n\n[providers.anthropic]\napi_key = "sk-s3cret"\n')}`,
    );
    const [action] = plan.actions;
    const keys = action?.kind === 'file' ? (action.keys ?? []) : [];
    expect(keys.map(({ sign, key }) => `${sign} ${key.join('.')}`).sort()).toEqual([
      '+ providers.anthropic.api_key',
      '+ theme',
      '= default_model',
      '= log_level',
      '= session.timeout',
      '~ tools.enabled',
    ]);
    expect(JSON.stringify([plan, place.receipt])).not.toContain('s3cret');
    expect(await sync(place)).toMatchObject(nothing);
  });

  test("a new key comes with main's comment directly above it; a second run plans nothing", async () => {
    const place = bench();
    await sync(place);
    edit(place, 'opencode.toml', (old) => old.replace('timeout = 30', 'timeout = 99'));
    const before = text(place.target, 'opencode.toml');
    inMain(
      place,
      (old) =>
        `${old.replace('timeout = 30 ', '# how often it is tried\nretries = 3\n# not yours to see\ntimeout = 31 ')}\n# no network\n[providers.local]\nmodel = "small"\n`,
    );
    await sync(place);
    expect(text(place.target, 'opencode.toml')).toBe(
      before
        .replace('# seconds\n', '# seconds\n# how often it is tried\nretries = 3\n')
        .replace('fill in your own\n', 'fill in your own\n\n# no network\n[providers.local]\nmodel = "small"\n'),
    );
    expect(await sync(place)).toMatchObject(nothing);
  });

  test('a conflict is kept, warned of once per version of main, recorded for good', async () => {
    const place = bench();
    await sync(place);
    edit(place, 'opencode.toml', (old) => old.replace('timeout = 30', 'timeout = 99'));
    inMain(place, (old) => old.replace('timeout = 30', 'timeout = 60'));
    const plan = await sync(place);
    expect(plan.actions).toEqual([]);
    expect(plan.warnings).toEqual(['opencode.toml: session.timeout kept (changed by the owner and in main)']);
    expect(place.receipt?.decisions).toMatchObject([
      { path: 'opencode.toml', key: '["session","timeout"]', choice: 'kept' },
    ]);
    expect(await sync(place)).toMatchObject(nothing);
    inMain(place, (old) => `${old}# a comment\n`);
    expect((await sync(place)).warnings).toEqual([]);
    expect(place.receipt?.decisions).toHaveLength(1);
    inMain(place, (old) => old.replace('timeout = 60', 'timeout = 61'));
    expect((await sync(place)).warnings).toHaveLength(1);
  });
});

describe('the base', () => {
  test('is the version that a file copied by hand still is, CRLF or not', async () => {
    const place = bench();
    put(place.target, { 'opencode.toml': text(place.main, from).replaceAll('\n', '\r\n') });
    inMain(place, (old) => old.replace('timeout = 30', 'timeout = 60'));
    const plan = await sync(place);
    expect(plan.warnings).toEqual([]);
    expect(text(place.target, 'opencode.toml')).toContain('timeout = 60                 # seconds\r\n');
  });

  test('is unknown for another file: the owner’s values stay, new keys come', async () => {
    const place = bench();
    put(place.target, { 'opencode.toml': '[session]\ntimeout = 1\n' });
    const plan = await sync(place);
    expect(plan.warnings).toEqual(['opencode.toml: session.timeout kept (differs from main at the first sync)']);
    expect(text(place.target, 'opencode.toml')).toMatch(/timeout = 1\n[\s\S]*\[providers.openai\]/);
  });

  test('comes from the receipt’s digests when its blob is gone from history', async () => {
    const place = bench();
    await sync(place);
    const entry = place.receipt?.config['opencode.toml'];
    if (place.receipt === undefined || entry === undefined) throw new Error('no receipt');
    place.receipt = { ...place.receipt, config: { 'opencode.toml': { ...entry, blob: 'f'.repeat(40) } } };
    edit(place, 'opencode.toml', (old) => old.replace('[providers.openai]', '[own]\nx = 1\n\n[providers.openai]'));
    inMain(place, (old) => old.replace('timeout = 30', 'timeout = 60').replace(', "write"', ', "bash"'));
    const plan = await sync(place);
    expect(plan.warnings).toEqual([]);
    expect(text(place.target, 'opencode.toml')).toMatch(/timeout = 60[\s\S]*\[own\][\s\S]*\["read", "write", "bash"\]/);
  });

  test('when only main’s comments moved, nothing is edited and the receipt learns the new blob', async () => {
    const place = bench();
    await sync(place);
    const salt = place.receipt?.config['opencode.toml']?.salt;
    inMain(place, (old) => `# new\n${old}`);
    const plan = await sync(place);
    expect(plan.actions).toEqual([]);
    expect(plan.patch.config?.['opencode.toml']).toMatchObject({
      blob: git(place.main, 'rev-parse', `HEAD:${from}`),
      salt,
    });
    expect(await sync(place)).toMatchObject(nothing);
  });
});

describe('left alone', () => {
  test('a file whose owner deleted it stays away until it is asked for', async () => {
    const place = bench();
    await sync(place);
    put(place.target, { 'opencode.toml': null });
    expect(await sync(place)).toMatchObject({
      actions: [],
      warnings: [expect.stringContaining('bring it back with: lockstep config sync comfy --complete')],
    });
    expect(await sync(place)).toMatchObject(nothing);
    place.run = { complete: true };
    expect((await sync(place)).actions).toHaveLength(1);
    expect(place.receipt?.decisions).toEqual([]);
  });

  test('a target’s file when main dropped its own: said, not removed', async () => {
    const place = bench();
    await sync(place);
    put(place.main, { [from]: null });
    commit(place.main, 'chore: no configuration');
    expect(await sync(place)).toMatchObject({
      actions: [],
      patch: {},
      warnings: [expect.stringContaining('is not in main')],
    });
    expect(text(place.target, 'opencode.toml')).toContain('default_model');
  });

  test('what is neither asked for nor meant for this type', async () => {
    const place = bench();
    place.run = { only: ['docs'] };
    expect(await sync(place)).toMatchObject({ ...nothing, skipped: 'only docs asked for' });
    place.run = {};
    place.config = [{ from, into: { source: 'conf/${{ target.name }}.toml' }, strategies }];
    expect(await sync(place)).toMatchObject({ ...nothing, skipped: expect.stringContaining('site-packages') });
    place.type = 'source';
    expect((await sync(place)).actions).toMatchObject([{ path: 'conf/comfy.toml' }]);
  });

  test('the mode of the file', async () => {
    const place = bench();
    await sync(place);
    fse.chmodSync(join(place.target, 'opencode.toml'), 0o600);
    inMain(place, (old) => old.replace('timeout = 30', 'timeout = 60'));
    expect((await sync(place)).actions).toMatchObject([{ before: { mode: 0o600 }, after: { mode: 0o600 } }]);
  });
});

describe('kept as the owner made it, said once for each version of main, until it can be merged into again', () => {
  const outside = (place: Bench): string => join(place.target, '..', 'outside');
  const obstacles: Readonly<Record<string, readonly [made: (place: Bench) => void, said: RegExp]>> = {
    'not TOML: file, line and column': [
      ({ target }) => put(target, { 'own/opencode.toml': 'a = 1\napi_key = sk-s3cret\n' }),
      /^own\/opencode\.toml:2:11: it cannot be read: not valid TOML/,
    ],
    'not UTF-8': [
      ({ target }) => writeFileSync(join(target, 'own/opencode.toml'), Buffer.from([0x61, 0x3d, 0xff])),
      /^own\/opencode\.toml: it cannot be read: .*UTF-8/,
    ],
    'a symbolic link': [
      (place) => symlinkSync(join(outside(place), 'opencode.toml'), join(place.target, 'own/opencode.toml')),
      /: it is a symbolic link to .*outside/,
    ],
    'a folder': [({ target }) => put(target, { 'own/opencode.toml/x': '' }), /: it is a folder/],
    'below a symbolic link': [
      (place) => {
        fse.removeSync(join(place.target, 'own'));
        symlinkSync(outside(place), join(place.target, 'own'));
      },
      /: a symbolic link on the way leads to .*outside/,
    ],
    'below a file': [
      ({ target }) => {
        fse.removeSync(join(target, 'own'));
        put(target, { own: 'a file' });
      },
      /own is no folder/,
    ],
  };
  test.each(Object.entries(obstacles))('%s', async (_what, [make, said]) => {
    const place = bench();
    place.config = [{ from, into: 'own/opencode.toml', strategies }];
    put(outside(place), { 'opencode.toml': 'a = 1\n' });
    await sync(place);
    const merged = place.receipt?.config;
    fse.removeSync(join(place.target, 'own/opencode.toml'));
    make(place);
    inMain(place, (old) => old.replace('timeout = 30', 'timeout = 60'));
    const kept = await sync(place);
    expect(kept.actions).toEqual([]);
    expect(kept.warnings).toEqual([expect.stringMatching(said)]);
    expect(JSON.stringify(kept)).not.toContain('s3cret');
    expect(place.receipt?.decisions).toMatchObject([{ path: 'own/opencode.toml', choice: 'kept' }]);
    expect(place.receipt?.config).toEqual(merged);
    // Main has nothing new: nobody is told again.
    expect(await sync(place)).toMatchObject({ actions: [], warnings: [], patch: {} });
    inMain(place, (old) => old.replace('timeout = 60', 'timeout = 90'));
    expect((await sync(place)).warnings).toHaveLength(1);
    expect(text(outside(place), 'opencode.toml')).toBe('a = 1\n');
    fse.removeSync(join(place.target, 'own'));
    put(place.target, { 'own/opencode.toml': text(place.main, from).replace('timeout = 90', 'timeout = 30') });
    expect((await sync(place)).actions).toMatchObject([{ cause: 'keys changed in main' }]);
    expect(place.receipt?.decisions).toEqual([]);
  });

  test('a plain file that main left alone ends what was decided about another thing', async () => {
    const place = bench();
    await sync(place);
    const whole = text(place.target, 'opencode.toml');
    fse.removeSync(join(place.target, 'opencode.toml'));
    put(place.target, { 'opencode.toml/x': '' });
    expect((await sync(place)).warnings).toHaveLength(1);
    fse.removeSync(join(place.target, 'opencode.toml'));
    put(place.target, { 'opencode.toml': whole });
    expect(await sync(place)).toMatchObject({ actions: [], warnings: [] });
    expect(place.receipt?.decisions).toEqual([]);
  });
});

describe('refused, with the cause', () => {
  test('a path outside, a protected place, an unknown format', async () => {
    const place = bench();
    const refusal = (into: string) => {
      place.config = [{ from, into, strategies }];
      return sync(place).catch((caught: unknown) => caught);
    };
    expect(await refusal('../outside/opencode.toml')).toMatchObject({ code: 'path-refused' });
    expect(await refusal('opencode.ini')).toMatchObject({
      code: 'merge-failed',
      hint: expect.stringContaining('TOML'),
    });
    place.protect = ['own/**'];
    expect(await refusal('own/a.toml')).toMatchObject({
      code: 'path-refused',
      message: expect.stringContaining('protect'),
    });
  });

  test('what cannot be merged into, where the policy is fail', async () => {
    const place = bench();
    place.config = [{ from, into: 'opencode.toml', strategies, onConflict: 'fail' }];
    put(place.target, { 'opencode.toml': 'a = [\n' });
    await expect(sync(place)).rejects.toMatchObject({
      code: 'conflict-refused',
      message: expect.stringMatching(/^opencode\.toml:\d+:\d+ cannot be merged into, and its policy is fail/),
      hint: expect.stringContaining(join(place.target, 'opencode.toml')),
    });
  });

  test('a file that somebody edits while it is planned', async () => {
    const place = bench();
    put(place.target, { 'opencode.toml': 'a = 1\n' });
    const context = contextOf(place, new Map());
    const files = { ...context.ports.files, read: () => Buffer.from('a = 2\n') };
    const racing = { ...context, ports: { ...context.ports, files } };
    await expect(mergeConfigStep.plan(racing, {}, 'config')).rejects.toMatchObject({ code: 'target-changed' });
  });

  test('two entries for one file', async () => {
    const place = bench();
    place.config = [...place.config, { from, into: './opencode.toml', strategies }];
    await expect(sync(place)).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

test('a full look lists every key that differs, also when main did not move', async () => {
  const place = bench();
  await sync(place);
  edit(place, 'opencode.toml', (old) => old.replace('default_model = "gpt-a"', 'default_model = "local"'));
  const [quick] = await planConfig(contextOf(place, new Map()), 'quick');
  const [full] = await planConfig(contextOf(place, new Map()), 'full');
  expect([quick?.kept, full?.kept.map(({ key }) => key)]).toEqual([[], [['default_model']]]);
  expect([quick?.action, full?.action]).toEqual(['none', 'none']);
});

test('planning twice gives the very same plan, so that a dry run shows what the run does', async () => {
  const place = bench();
  put(place.target, { 'opencode.toml': 'log_level = "x"\n' });
  const plan = async () => JSON.stringify(await mergeConfigStep.plan(contextOf(place, new Map()), {}, 'config'));
  expect(await plan()).toBe(await plan());
});
