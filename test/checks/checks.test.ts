import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askPython } from '../../src/adapters/python.ts';
import { command } from '../../src/checks/command.ts';
import { complete } from '../../src/checks/complete.ts';
import { configParses } from '../../src/checks/config-parses.ts';
import { importCheck } from '../../src/checks/import.ts';
import { checkKinds } from '../../src/checks/index.ts';
import { packageRecord } from '../../src/checks/package-record.ts';
import { pipCheck } from '../../src/checks/pip-check.ts';
import { runSuites } from '../../src/checks/run-suites.ts';
import type { EventBody } from '../../src/domain/events.ts';
import type { Project } from '../../src/domain/project.ts';
import type { TargetLayout } from '../../src/domain/target.ts';
import { readingPorts, situationOf, syncDocuments, type World } from '../fixtures/document-target.ts';
import { commit, git, initRepo, makeVenv, pip, put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

let dir: string;
let main: string;
let target: string;
let layout: Partial<TargetLayout>;
const emptyReceipt = {
  format: 1,
  project: 'opencode',
  target: 'app',
  commit: null,
  version: null,
  run: 'r',
  time: '',
  components: {},
  config: {},
} as const;

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-checks-')));
  main = sampleMain(join(dir, 'main'));
  target = join(dir, 'app');
  fse.ensureDirSync(target);
  const python = makeVenv(join(target, '.venv'));
  pip(python, 'install', '--no-index', '--no-deps', '--no-build-isolation', join(main, 'src/opencode'));
  const ports = readingPorts();
  const report = await askPython(ports.processes, ports.files).inspect(python, 'opencode-ai', 'opencode');
  const site = report.facts.purelib;
  layout = { python: report.facts, site, packageDir: join(site, 'opencode'), installations: report.installations };
});
afterAll(() => fse.removeSync(dir));

const world = (more: Partial<World> = {}): World => ({ main, target, layout, ...more });
const contextOf = (more: Partial<World> = {}) => situationOf(world(more)).context;

/** Does something to the target, and puts it back. */
const spoiled = async (path: string, spoil: () => void, look: () => Promise<void>): Promise<void> => {
  const kept = text(target, path);
  try {
    spoil();
    await look();
  } finally {
    put(target, { [path]: kept });
  }
};
const inPackage = (): string => `${layout.packageDir?.slice(target.length + 1)}/cli/main.py`;

describe('command', () => {
  const run = (options: Readonly<Record<string, unknown>>) => command.run(contextOf(), options);

  it('passes by exit status and output, fails otherwise with what was written', async () => {
    expect(await run({ argv: ['sh', '-c', 'exit 3'], expect: { exit: 3 } })).toMatchObject({ outcome: 'passed' });
    expect(await run({ argv: ['sh', '-c', 'echo boom >&2; exit 3'] })).toEqual({
      outcome: 'failed',
      cause: 'exit 3',
      details: ['boom'],
    });
    expect(await run({ argv: ['echo', 'hello'], expect: { stdout: 'hell' } })).toMatchObject({ outcome: 'passed' });
    expect(await run({ argv: ['echo', 'hello'], expect: { stdout: 'bye' } })).toMatchObject({
      outcome: 'failed',
      cause: 'its output does not contain "bye"',
    });
  });

  it('could not run when the program or the folder is missing, or the template has no value', async () => {
    expect(await run({ argv: ['no-such-program-here'] })).toMatchObject({ outcome: 'could-not-run' });
    expect(await run({ argv: ['true'], cwd: 'nowhere' })).toMatchObject({
      outcome: 'could-not-run',
      cause: `${join(target, 'nowhere')} is no folder`,
    });
    expect(await run({ argv: [''] })).toMatchObject({ outcome: 'could-not-run' });
  });

  it('fails after its timeout', async () => {
    expect(await run({ argv: ['sleep', '20'], timeout: '200ms' })).toMatchObject({
      outcome: 'failed',
      cause: 'no end after 0.2 s',
    });
  });

  it('leaves no bytecode behind', async () => {
    put(target, { 'tool.py': 'import helper\n', 'helper.py': '' });
    expect(await run({ argv: [layout.python?.executable, '-m', 'tool'] })).toMatchObject({ outcome: 'passed' });
    expect(existsSync(join(target, '__pycache__'))).toBe(false);
    put(target, { 'tool.py': null, 'helper.py': null });
  });
});

describe('import', () => {
  it('passes, says from where, and writes nothing', async () => {
    const before = treeHash(target);
    expect(await importCheck.run(contextOf(), {})).toMatchObject({
      outcome: 'passed',
      cause: expect.stringContaining(`import opencode takes ${layout.packageDir}`),
    });
    expect(treeHash(target)).toBe(before);
  });

  it('does not take a folder of the same name in the target for the package', async () => {
    put(target, { 'opencode/__init__.py': '1/0' });
    expect(await importCheck.run(contextOf(), {})).toMatchObject({ outcome: 'passed' });
    put(target, { opencode: null });
  });

  it('fails for an error in the package and for another copy in front of it', async () => {
    await spoiled(
      inPackage(),
      () => put(target, { [inPackage()]: 'raise ValueError("broken")' }),
      async () =>
        expect(await importCheck.run(contextOf(), { module: 'opencode.cli.main' })).toMatchObject({
          outcome: 'failed',
          cause: 'import opencode.cli.main: ValueError: broken',
        }),
    );
    const elsewhere = { ...layout, packageDir: join(target, '.venv') };
    fse.ensureDirSync(join(target, 'other'));
    expect(
      await importCheck.run(contextOf({ layout: { ...elsewhere, packageDir: join(target, 'other') } }), {}),
    ).toMatchObject({ outcome: 'failed', cause: expect.stringContaining('another copy is in front') });
  });

  it('could not run without a Python', async () => {
    const without = contextOf({ layout: { python: null, pythonCause: 'it is for Windows' } });
    expect(await importCheck.run(without, {})).toEqual({ outcome: 'could-not-run', cause: 'it is for Windows' });
    expect(await pipCheck.run(without, {})).toEqual({ outcome: 'could-not-run', cause: 'it is for Windows' });
  });
});

describe('package-record', () => {
  it('passes for what pip installed', async () => {
    expect(await packageRecord.run(contextOf(), {})).toMatchObject({
      outcome: 'passed',
      cause: expect.stringMatching(/^(\d+) of \1 files of opencode-ai 1\.2\.0 are as recorded$/),
    });
  });

  it('fails for a changed and for a missing file, unless that was decided', async () => {
    await spoiled(
      inPackage(),
      () => put(target, { [inPackage()]: 'changed' }),
      async () => {
        const context = contextOf();
        expect(await packageRecord.run(context, {})).toMatchObject({
          outcome: 'failed',
          details: [`${inPackage()}: not as recorded`],
        });
        const state = context.ports.files.state(join(target, inPackage()));
        const owner = state.kind === 'file' ? state.sha256 : '';
        const decisions = [{ path: inPackage(), choice: 'kept', cause: 'changed here', main: 'm', owner }] as const;
        expect(await packageRecord.run(contextOf({ receipt: { ...emptyReceipt, decisions } }), {})).toMatchObject({
          outcome: 'passed',
          cause: expect.stringContaining('1 kept'),
        });
      },
    );
    await spoiled(
      inPackage(),
      () => rmSync(join(target, inPackage())),
      async () => expect((await packageRecord.run(contextOf(), {})).details).toEqual([`${inPackage()}: missing`]),
    );
  });

  it('fails when the package is not installed, and could not run without a site-packages folder', async () => {
    const other = { project: { package: { ...contextOf().project.package, name: 'other' } } };
    expect(await packageRecord.run(contextOf(other), {})).toMatchObject({ outcome: 'failed' });
    expect(await packageRecord.run(contextOf({ layout: { site: null } }), {})).toMatchObject({
      outcome: 'could-not-run',
    });
  });
});

describe('pip-check', () => {
  const metadata = () => `${layout.site?.slice(target.length + 1)}/opencode_ai-1.2.0.dist-info/METADATA`;

  it('passes when all is met', async () => {
    expect(await pipCheck.run(contextOf(), {})).toMatchObject({ outcome: 'passed' });
  });

  it('fails for a requirement of the package, and only lists what concerns others', async () => {
    await spoiled(
      metadata(),
      () =>
        put(target, {
          [metadata()]: text(target, metadata()).replace('\nName:', '\nRequires-Dist: absent-thing\nName:'),
        }),
      async () => {
        expect(await pipCheck.run(contextOf(), {})).toMatchObject({
          outcome: 'failed',
          cause: expect.stringContaining('absent-thing'),
        });
        const other = { ...contextOf().project.package, name: 'pip' };
        expect(await pipCheck.run(contextOf({ project: { package: other } }), {})).toMatchObject({
          outcome: 'passed',
          details: [expect.stringContaining('absent-thing')],
        });
      },
    );
  });

  it('says nothing of requirements where the package is not installed', async () => {
    const gone = { ...contextOf().project.package, name: 'something-else' };
    expect(await pipCheck.run(contextOf({ project: { package: gone } }), {})).toMatchObject({
      outcome: 'could-not-run',
      cause: expect.stringContaining('something-else is not installed'),
    });
  });

  it('could not run without pip', async () => {
    const python = layout.python ?? null;
    const without = { layout: { ...layout, python: python === null ? null : { ...python, pip: null } } };
    expect(await pipCheck.run(contextOf(without), {})).toMatchObject({ outcome: 'could-not-run' });
  });
});

describe('complete', () => {
  const documents = () => {
    const place = temporary('complete');
    const repo = initRepo(join(place, 'main'));
    put(repo, { 'docs/a.md': 'a', 'docs/b.md': 'b', 'docs/c.md': 'c' });
    commit(repo, 'docs: three');
    fse.ensureDirSync(join(place, 'app'));
    return { main: repo, target: join(place, 'app') };
  };

  it('counts, and fails for what is missing or changed since the last sync', async () => {
    const at = documents();
    const { receipt } = await syncDocuments(at);
    const run = (now = receipt) => complete.run(situationOf({ ...at, receipt: now }).context, {});
    expect(await run()).toMatchObject({ outcome: 'passed', cause: '3 of 3 files (docs)' });
    put(at.target, { 'docs/a.md': 'mine', 'docs/b.md': null });
    expect(await run()).toMatchObject({
      outcome: 'failed',
      cause: '1 of 3 files; 2 missing or changed since the last sync (docs)',
      details: ['docs/a.md: not as main has it', 'docs/b.md: missing'],
    });
    const second = await syncDocuments({ ...at, receipt });
    expect(await run(second.receipt)).toMatchObject({
      outcome: 'passed',
      cause: '1 of 3 files, 2 kept as the owner has them (docs)',
      details: ['docs/a.md: changed here, kept', 'docs/b.md: deleted here, kept'],
    });
    put(at.target, { 'docs/a.md': 'changed once more' });
    expect(await run(second.receipt)).toMatchObject({ outcome: 'failed' });
  });

  it('hashes main and the target whatever the receipt says, and sees the executable bit', async () => {
    const at = documents();
    const { receipt } = await syncDocuments(at);
    put(at.target, { 'docs/a.md': 'X' });
    const files = receipt.components.docs?.files ?? {};
    const lie = situationOf(at).context.ports.files.state(join(at.target, 'docs/a.md'));
    const sha256 = lie.kind === 'file' ? lie.sha256 : '';
    const record = { ...files['docs/a.md'], sha256, mode: 0o644 };
    const docs = { commit: git(at.main, 'rev-parse', 'HEAD'), dirs: [], files: { ...files, 'docs/a.md': record } };
    const forged = { ...receipt, components: { docs } };
    expect(await complete.run(situationOf({ ...at, receipt: forged }).context, {})).toMatchObject({
      outcome: 'failed',
    });
    put(at.target, { 'docs/a.md': 'a' });
    chmodSync(join(at.target, 'docs/a.md'), 0o755);
    expect(await complete.run(situationOf({ ...at, receipt }).context, {})).toMatchObject({ outcome: 'failed' });
  });
});

describe('complete, of components that are not at the commit that is looked at', () => {
  const documents = () => {
    const place = temporary('apart');
    const repo = initRepo(join(place, 'main'));
    put(repo, { 'docs/a.md': 'a', 'docs/b.md': 'b' });
    const first = commit(repo, 'docs: two');
    fse.ensureDirSync(join(place, 'app'));
    return { main: repo, target: join(place, 'app'), first };
  };

  it('judges each by what the receipt says was synced, also when main has lost that commit, and keeps decisions', async () => {
    const { first, ...at } = documents();
    const { receipt } = await syncDocuments(at);
    put(at.target, { 'docs/b.md': 'mine' });
    const { receipt: decided } = await syncDocuments({ ...at, receipt });
    put(at.main, { 'docs/a.md': 'newer', 'docs/c.md': 'c' });
    commit(at.main, 'docs: three');
    const run = (now: typeof receipt) => complete.run(situationOf({ ...at, receipt: now }).context, {});
    const short = first.slice(0, 10);
    expect(await run(decided)).toMatchObject({
      outcome: 'passed',
      cause: `1 of 2 files, 1 kept as the owner has it (docs as of ${short})`,
    });
    expect(await run(receipt)).toMatchObject({
      outcome: 'failed',
      details: [`docs/b.md: not as it was synced at ${short}`],
    });
    const lost = { ...decided, components: { docs: { commit: '0'.repeat(40), dirs: [], files: {} } } };
    Object.assign(lost.components.docs, { files: decided.components.docs?.files });
    expect(await run(lost)).toMatchObject({ outcome: 'passed' });
    put(at.target, { 'docs/a.md': null });
    expect(await run(decided)).toMatchObject({
      outcome: 'failed',
      details: ['docs/a.md: missing', expect.any(String)],
    });
  });

  it('could not run where the receipt says that nothing of them is synced', async () => {
    const { first: _first, ...at } = documents();
    const { receipt } = await syncDocuments(at);
    expect(await complete.run(situationOf({ ...at, receipt: { ...receipt, components: {} } }).context, {})).toEqual({
      outcome: 'could-not-run',
      cause: 'nothing to look at: docs not synced here',
    });
  });
});

describe('config-parses', () => {
  const config: Project['config'] = [{ from: 'config/opencode.toml', into: 'opencode.toml', strategies: {} }];
  const run = (options = {}) => configParses.run(contextOf({ project: { config } }), options);

  it('fails for a missing file and for one that is not valid, naming the place', async () => {
    expect(await run()).toMatchObject({ outcome: 'failed', cause: expect.stringContaining('opencode.toml: missing') });
    put(target, { 'opencode.toml': 'a = 1\nb = \n' });
    expect(await run()).toMatchObject({
      outcome: 'failed',
      cause: expect.stringMatching(/opencode\.toml: not valid TOML at \d/),
    });
    put(target, { 'opencode.toml': 'a = 1\n' });
    expect(await run()).toMatchObject({ outcome: 'passed' });
    put(target, { 'opencode.toml': null });
  });

  it('passes, and says so, what a recorded decision keeps as its owner made it: the run left it alone', async () => {
    const torn = 'a = [\n';
    put(target, { 'opencode.toml': torn });
    const owner = createHash('sha256').update(torn).digest('hex');
    const kept = { path: 'opencode.toml', choice: 'kept', cause: 'c', main: 'm', owner } as const;
    const judged = (decision: object) =>
      configParses.run(
        contextOf({ project: { config }, receipt: { ...emptyReceipt, decisions: [{ ...kept, ...decision }] } }),
        {},
      );
    expect(await judged({})).toMatchObject({
      outcome: 'passed',
      cause: expect.stringMatching(/opencode\.toml: not valid TOML at \d.*; kept as its owner has it$/),
    });
    for (const other of [{ owner: '0' }, { path: 'x' }, { key: '["a"]' }, { choice: 'replaced' }, { owner: 'below:' }])
      expect(await judged(other), JSON.stringify(other)).toMatchObject({ outcome: 'failed' });
    put(target, { 'opencode.toml': null });
  });

  it('has nothing to look at where no configuration is meant for the target', async () => {
    expect(await configParses.run(contextOf(), {})).toMatchObject({ outcome: 'passed' });
  });
});

describe('suites', () => {
  const suites: Project['suites'] = {
    core: [
      { name: 'good', uses: 'command', with: { argv: ['true'] } },
      { name: 'bad', uses: 'command', with: { argv: ['false'] } },
      { name: 'lost', uses: 'command', with: { argv: ['no-such-program-here'] } },
    ],
    fine: [{ name: 'good', uses: 'command', with: { argv: ['true'] } }],
  };

  it('runs every check in order, tells each as it ends, and passes only when all passed', async () => {
    const events: EventBody[] = [];
    const report = await runSuites(contextOf({ project: { suites } }), ['fine', 'core'], (event) => events.push(event));
    expect(report.passed).toBe(false);
    expect(report.suites.map(({ name, checks }) => [name, ...checks.map(({ outcome }) => outcome)])).toEqual([
      ['fine', 'passed'],
      ['core', 'passed', 'failed', 'could-not-run'],
    ]);
    expect(events).toHaveLength(4);
    const lost = { core: suites.core?.slice(2) ?? [] };
    expect((await runSuites(contextOf({ project: { suites: lost } }), ['core'], () => {})).passed).toBe(false);
  });

  it('knows the usual suites of a project that defines none', async () => {
    const report = await runSuites(
      contextOf({ project: { components: [] } }),
      ['core', 'integration', 'docs', 'features', 'preflight'],
      () => {},
    );
    expect(report.passed).toBe(true);
    expect(report.suites.map(({ checks }) => checks.length)).toEqual([3, 1, 2, 0, 0]);
  });

  it('refuses an unknown suite or check before the first one runs', async () => {
    const events: EventBody[] = [];
    const run = (names: string[]) =>
      runSuites(contextOf({ project: { suites } }), names, (event) => events.push(event));
    await expect(run(['fine', 'croe'])).rejects.toMatchObject({ code: 'unknown-name', hint: 'did you mean core?' });
    await expect(run(['constructor'])).rejects.toMatchObject({ code: 'unknown-name' });
    const odd = { fine: [{ name: 'x', uses: 'comand', with: {} }] };
    await expect(runSuites(contextOf({ project: { suites: odd } }), ['fine'], () => {})).rejects.toMatchObject({
      hint: 'did you mean command?',
    });
    expect(events).toEqual([]);
  });

  it('stops when the run is interrupted', async () => {
    const abort = new AbortController();
    const context = {
      ...contextOf({
        project: { suites: { core: [{ name: 's', uses: 'command', with: { argv: ['sleep', '20'] } }] } },
      }),
      signal: abort.signal,
    };
    setTimeout(() => abort.abort(), 100);
    await expect(runSuites(context, ['core'], () => {})).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe.each(checkKinds.map((kind) => [kind.name, kind] as const))('the check kind %s', (name, kind) => {
  it('has a plain name, one sentence and a closed schema', () => {
    expect(name).toMatch(/^[a-z][a-z-]*$/);
    expect(kind.summary).toMatch(/^[A-Z].*\.$/);
    expect(kind.with).toMatchObject({ type: 'object', additionalProperties: false });
  });
});
