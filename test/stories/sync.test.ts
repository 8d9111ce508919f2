import { existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commit, git, makeVenv, pip, put, sampleMain, setVersion, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';
import { lastObject, lockstep } from './command.ts';

// One story told in order: each test goes on where the one before it ended, as a maintainer's day does.
describe('one target from its first sync to its rollback', () => {
  let top = '';
  let main = '';
  let target = '';
  let site = '';
  const inTarget = (path: string) => join(site, 'opencode', path);
  const targetHash = () => treeHash(target, (path) => path.includes('__pycache__'));

  beforeAll(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-story-')));
    main = sampleMain(join(top, 'main'));
    target = join(main, 'for_testing/as_dependency/app');
    fse.ensureDirSync(target);
    const python = makeVenv(join(target, '.venv'));
    pip(python, 'install', '-q', '--no-index', '--no-build-isolation', '--no-deps', join(main, 'src/opencode'));
    fse.removeSync(join(main, 'src/opencode/build'));
    const lib = join(target, '.venv/lib');
    site = join(lib, fse.readdirSync(lib)[0] ?? '', 'site-packages');
  });
  afterAll(() => fse.removeSync(top));

  it('registers the target and shows what it found', () => {
    const answer = lockstep(main, 'target', 'add', 'app', '--path', 'for_testing/as_dependency/app');
    expect(answer.err).toBe('');
    expect(answer.exit).toBe(0);
    expect(answer.out).toContain('site-packages');
    expect(lockstep(main, 'target', 'list').out).toContain('- for_testing/as_dependency/app');
  });

  it('runs nothing that nobody trusts, and says what it would run', () => {
    const before = treeHash(top);
    const refused = lockstep(main, 'sync', 'run', '--target', 'app');
    expect(refused.exit).toBe(6);
    expect(refused.err).toContain('is not trusted on this machine yet');
    expect(refused.err).toContain('+ file src/opencode/backend.py');
    expect(refused.err).toMatch(/^next {2}look at it and trust it: lockstep trust /m);
    expect(lockstep(main, 'trust').exit).toBe(6);
    expect(treeHash(top)).toBe(before);
    expect(lockstep(main, 'trust', '--yes').exit).toBe(0);
    expect(treeHash(top)).toBe(before);
  });

  it('shows a dry run and leaves main, target and state untouched', () => {
    const before = treeHash(top);
    const answer = lockstep(main, 'sync', 'run', '--target', 'app', '--dry-run');
    expect(answer.err).toBe('');
    expect(answer.exit).toBe(0);
    expect(answer.out).toMatch(/\+ .*opencode\/docs\/INDEX\.md/);
    expect(treeHash(top)).toBe(before);
  });

  it('syncs documents, plans, configuration, and verifies', () => {
    const answer = lockstep(main, 'sync', 'run', '--target', 'app');
    expect(answer.out + answer.err).toContain('in step');
    expect(answer.exit).toBe(0);
    expect(text(site, 'opencode/docs/guides/start.md')).toContain('# Start');
    expect(text(target, 'opencode.toml')).toBe(text(main, 'config/opencode.toml'));
    expect(existsSync(join(target, '.lockstep/receipts/opencode-ai.json'))).toBe(true);
    expect(JSON.parse(text(main, '.git/lockstep/registry.json')).targets[0]).toMatchObject({
      status: 'synchronized',
      sync_version: 'v1.2.0',
    });
  });

  it('does nothing the second time, without starting a Python', () => {
    const before = targetHash();
    const answer = lockstep(main, 'sync', 'run', '--target', 'app', '--json');
    expect(answer.exit).toBe(0);
    const last = lastObject(answer);
    expect(last.results).toMatchObject([{ outcome: 'nothing-to-do' }]);
    expect(last.processes).not.toHaveProperty('python');
    expect(last.processes).not.toHaveProperty('pip');
    expect(targetHash()).toBe(before);
  });

  it("keeps the owner's document and keys while main moves on", () => {
    put(target, {
      'opencode.toml': text(target, 'opencode.toml')
        .replace('"INFO"', '"DEBUG"')
        .replace('default_model = "gpt-a"', 'default_model = "mine"'),
    });
    put(site, { 'opencode/docs/INDEX.md': '# Ours\n' });
    put(main, {
      'docs/INDEX.md': `${text(main, 'docs/INDEX.md')}\nMore.\n`,
      'docs/new.md': '# New\n',
      'plans/archive/OLD_PLAN.md': null,
      'config/opencode.toml': `${text(main, 'config/opencode.toml').replace('default_model = "gpt-a"', 'default_model = "gpt-c"')}\n[providers.local]\nmodel = "small"\n`,
    });
    setVersion(main, '1.3.0');
    commit(main, 'feat(provider): a local provider');
    git(main, 'tag', '-a', 'v1.3.0', '-m', 'v1.3.0');
    expect(lockstep(main, 'sync', 'detect', '--since', 'v1.2.0', '--exit-code').exit).toBe(3);
    expect(lockstep(main, 'sync', 'status').out).toContain('needs sync');
    const answer = lockstep(main, 'sync', 'run', '--all-targets');
    expect(answer.out).toContain('in step');
    expect(answer.exit).toBe(0);
    expect(text(site, 'opencode/docs/INDEX.md')).toBe('# Ours\n');
    expect(text(site, 'opencode/docs/new.md')).toBe('# New\n');
    expect(existsSync(inTarget('plans/archive/OLD_PLAN.md'))).toBe(false);
    const config = text(target, 'opencode.toml');
    expect(config).toContain('default_model = "mine"      # which model answers');
    expect(config).toContain('log_level = "DEBUG"');
    expect(config).toContain('[providers.local]');
    expect(text(site, 'opencode/__init__.py')).toContain('1.3.0');
    expect(answer.out).toContain('docs/INDEX.md');
  });

  it('undoes a sync whose verification fails, byte for byte', () => {
    put(main, { 'src/opencode/src/opencode/cli/main.py': 'raise SystemExit("broken")\n', 'docs/new.md': '# Newer\n' });
    setVersion(main, '1.4.0');
    commit(main, 'feat: a broken release');
    const before = targetHash();
    const answer = lockstep(main, 'sync', 'run', '--target', 'app');
    expect(answer.exit).toBe(5);
    expect(answer.out + answer.err).toContain('opencode --help runs');
    expect(targetHash()).toBe(before);
    expect(lockstep(main, 'target', 'list', '--json').out).toContain('"failed"');
    git(main, 'revert', '--no-edit', 'HEAD');
  });

  it('brings back the documents alone', () => {
    const config = text(target, 'opencode.toml');
    const answer = lockstep(main, 'sync', 'rollback', '--target', 'app', '--component', 'docs');
    expect(answer.err).toBe('');
    expect(answer.exit).toBe(0);
    expect(existsSync(inTarget('docs/new.md'))).toBe(false);
    expect(text(target, 'opencode.toml')).toBe(config);
    expect(text(site, 'opencode/__init__.py')).toContain('1.3.0');
    expect(lockstep(main, 'target', 'show', 'app', '--json').out).toContain('rolled_back');
  });

  it('says what is wrong in one line with the next word to type', () => {
    const unknown = lockstep(main, 'sync', 'run', '--target', 'ap');
    expect(unknown.exit).toBe(2);
    expect(unknown.err).toContain('did you mean app?');
    expect(lockstep(main, 'sync', 'detect', '--since', 'v1.2.O').err).toContain('did you mean v1.2.0?');
    expect(lockstep(top, 'sync', 'status').exit).toBe(2);
    expect(lockstep(main, 'sync', 'frobnicate').exit).toBe(2);
  });

  it('verifies what was rolled back by the commit that it is at, and says that a sync is needed', () => {
    const verified = lockstep(main, 'sync', 'verify', '--target', 'app');
    expect(verified.out).toMatch(/documents are complete passed: .*docs as of [0-9a-f]{10}/);
    expect(verified.exit).toBe(0);
    expect(lockstep(main, 'sync', 'status').out).toMatch(/rolled back .*docs was rolled back to [0-9a-f]{10}/);
    expect(lockstep(main, 'target', 'list').out).toContain('rolled back');
    expect(lockstep(main, 'sync', 'run', '--target', 'app').exit).toBe(0);
    expect(existsSync(inTarget('docs/new.md'))).toBe(true);
    expect(lockstep(main, 'target', 'list').out).toContain('synchronized');
  });
});
