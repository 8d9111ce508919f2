import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it, vi } from 'vitest';
import { restore } from '../../src/app/restore.ts';
import { commit, git, put, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';
import { inStep, pushWorld } from './push-world.ts';

// A loaded machine is no reason for another answer.
vi.setConfig({ testTimeout: 300_000 });

const nothing = (refs: string) => ({
  exit: 0,
  lines: [`lockstep pre-push: nothing to sync in what ${refs} brings to origin`],
});

/** Where a target has `docs/a.md`. */
const placeOf = (target: string): string => {
  const found = fse.readdirSync(target, { recursive: true }).map(String);
  return join(target, found.find((path) => path.endsWith('docs/a.md')) ?? '');
};

const docs = (root: string, round: number): string => {
  put(root, { 'docs/a.md': `a${round}\n` });
  return commit(root, `docs: round ${round}`);
};

describe('the checklist before a push', () => {
  it('is met where nothing of main is in the targets yet: nothing could be lost', async () => {
    const { tell } = pushWorld('app');
    expect(await tell(['main'])).toEqual({
      exit: 0,
      lines: [
        'lockstep pre-push: checklist for main to origin',
        'lockstep pre-push: main: origin has nothing that it grew from: everything counts as changed',
        '- [x] All target projects identified: 1 target',
        expect.stringMatching(/^- \[x\] Changes requiring sync detected: 5 files in .*, priority \w+$/),
        '- [x] Sync checklist generated: app lacks 3 files of config, docs, plans',
        '- [x] Target projects backed up: nothing of main is in app yet',
        '- [x] Ready to push to origin',
      ],
    });
  });

  it('says in one line that there is nothing to sync, and with quiet none', async () => {
    const { root, tell, settings } = await inStep();
    put(root, { 'notes.txt': 'nobody takes this\n' });
    commit(root, 'chore: notes');
    expect(await tell(['main'])).toEqual(nothing('main'));
    settings('{ quiet: true }');
    expect(await tell(['main'])).toEqual({ exit: 0, lines: [] });
  });

  it('has nothing to sync either once the targets have what is pushed', async () => {
    const { root, run, tell } = await inStep();
    docs(root, 2);
    expect((await tell(['main'])).lines).toContain(
      '- [x] Sync checklist generated: app lacks 1 file of docs; web lacks 1 file of docs',
    );
    await run({ targets: { names: ['app'] } });
    expect((await tell(['main'])).lines).toContain('- [x] Sync checklist generated: web lacks 1 file of docs');
    await run();
    expect(await tell(['main'])).toEqual(nothing('main'));
  });

  it('makes the backup that is missing, once for each present state', async () => {
    const { root, at, main, tell } = await inStep();
    docs(root, 2);
    const backups = async () => (await main()).backups.list('app').map(({ id }) => id);
    const before = await backups();
    const first = await tell(['main']);
    const [made] = await backups();
    expect(before).not.toContain(made);
    expect(first.lines).toContainEqual(expect.stringMatching(`^- \\[x\\] Target projects backed up: ${made}, web-`));
    expect(await tell(['main'])).toEqual(first);
    expect(await backups()).toHaveLength(before.length + 1);
    writeFileSync(placeOf(at('app')), 'edited\n');
    await tell(['main']);
    expect(await backups()).toHaveLength(before.length + 2);
  });

  it('holds a push back with the line, the cause and the command where no backup can be made in time, and lets it go on where the policy warns', async () => {
    const { root, at, tell, settings, ask } = await inStep();
    docs(root, 2);
    truncateSync(placeOf(at('app')), 2 ** 33);
    const { exit, lines } = await tell(['main']);
    expect(exit).toBe(6);
    expect(lines).toContain('- [ ] Target projects backed up');
    expect(lines).toContain('- [ ] Ready to push to origin');
    expect(lines.at(-1)).toBe(
      'lockstep pre-push: blocked: "Target projects backed up" is not met. app: no backup has what it holds now, and making one takes more than the 60 s there are; mend it: lockstep target backup app (LOCKSTEP=0 git push pushes all the same)',
    );
    expect(await ask(['main'])).toMatchObject({
      kind: 'hook',
      hook: 'pre-push',
      outcome: 'blocked',
      groups: [{ verdict: 'blocked', require: 'checklist' }],
    });
    settings('{ on_unmet: warn }');
    const warned = await tell(['main']);
    expect(warned.exit).toBe(0);
    expect(warned.lines.at(-1)).toMatch(
      /^lockstep pre-push: not held back \(on_unmet: warn\), though "Target projects backed up" is not met\./,
    );
  });

  it('holds a push back for a target whose folder is gone, and only where the push concerns it', async () => {
    const { root, dir, at, tell } = await inStep();
    put(root, { 'notes.txt': 'nobody takes this\n' });
    commit(root, 'chore: notes');
    fse.moveSync(at('app'), join(dir, 'away'));
    expect(await tell(['main'])).toEqual(nothing('main'));
    docs(root, 2);
    const { exit, lines } = await tell(['main']);
    expect(exit).toBe(6);
    expect(lines.at(-1)).toContain(
      `"All target projects identified" is not met. app: its folder ${at('app')} is not there; mend it: lockstep target update app --hold`,
    );
  });

  it('blocks nothing for what cannot be told: a run at work, a receipt that cannot be read', async () => {
    const { root, at, tell } = await inStep();
    docs(root, 2);
    put(at('app'), { '.lockstep/lock': 'whose?\n' });
    writeFileSync(join(at('web'), '.lockstep/receipts/words.json'), '{');
    const { exit, lines } = await tell(['main']);
    expect(exit).toBe(0);
    expect(lines).toContain('- [?] Sync checklist generated');
    expect(lines).toContain('- [?] Target projects backed up');
    expect(lines.at(-1)).toBe('lockstep pre-push: what could not be told holds no push back (on_error: warn)');
  });
});

describe('require: synchronized', () => {
  it('means that no target lacks anything among what is pushed, rolled back or never synced', async () => {
    const { root, main, run, tell, settings, push } = await inStep();
    settings('{ require: synchronized }');
    push('main');
    docs(root, 2);
    const { exit, lines } = await tell(['main']);
    expect(exit).toBe(6);
    expect(lines).toContain('- [ ] All target projects synchronized');
    expect(lines.at(-1)).toContain(
      '"All target projects synchronized" is not met. app: it lacks 1 file of docs; mend it: lockstep sync run --target app (',
    );
    await run();
    expect(await tell(['main'])).toEqual(nothing('main'));
    await restore(await main(), {
      target: 'app',
      backup: null,
      components: ['docs'],
      mode: 'real',
      emit: () => {},
      signal: new AbortController().signal,
      env: {},
    });
    const back = await tell(['main']);
    expect(back.exit).toBe(6);
    expect(back.lines.at(-1)).toMatch(/was taken back here .*; mend it: lockstep sync run --target app --force/);
  });

  it('names the branch to stand on where another one is pushed', async () => {
    const { root, tell, settings, push } = await inStep();
    settings('{ require: synchronized }');
    push('main');
    git(root, 'switch', '-q', '-c', 'side');
    docs(root, 2);
    git(root, 'switch', '-q', 'main');
    expect((await tell(['side'])).lines.at(-1)).toContain(
      'mend it: git switch side && lockstep sync run --target app (',
    );
  });
});

describe('what is looked at', () => {
  it('is the union over all pushed refs, a new branch from its first commit that the remote lacks', async () => {
    const { root, ask, push } = await inStep();
    put(root, { 'plans/p.md': 'p2\n' });
    commit(root, 'docs: on the remote already');
    push('main');
    git(root, 'switch', '-q', '-c', 'side');
    docs(root, 2);
    put(root, { 'plans/side.md': 's\n' });
    commit(root, 'docs: another one');
    git(root, 'switch', '-q', '-c', 'third', 'main');
    put(root, { 'app.toml': 'level = 2\napi_key = "main-secret"\n' });
    commit(root, 'feat: level');
    const filesOf = async (...refs: string[]) => {
      const { groups } = (await ask(refs)) as {
        groups: { lacking: { target: string; files: number; components: string[] }[] }[];
      };
      return groups.flatMap(({ lacking }) =>
        lacking.filter(({ target }) => target === 'app').map(({ files, components }) => [files, ...components]),
      );
    };
    expect(await filesOf('side')).toEqual([[2, 'docs', 'plans']]);
    expect(await filesOf('third')).toEqual([[1, 'config']]);
    expect(await filesOf('side', 'third')).toEqual([[3, 'config', 'docs', 'plans']]);
  });

  it('leaves out what a branch merged from what the remote has', async () => {
    const { root, ask, push } = await inStep();
    git(root, 'switch', '-q', '-c', 'side');
    docs(root, 2);
    git(root, 'switch', '-q', 'main');
    put(root, { 'plans/p.md': 'p2\n' });
    commit(root, 'docs: on the remote already');
    push('main');
    git(root, 'switch', '-q', 'side');
    git(root, 'merge', '-q', '--no-edit', 'main');
    const { groups } = (await ask(['side'])) as { groups: { lacking: { components: string[] }[] }[] };
    expect(groups[0]?.lacking[0]?.components).toEqual(['docs']);
  });

  it('is all that differs where a branch is replaced by force, and where what stands there is not here', async () => {
    const { root, dir, tell, ask, push } = await inStep();
    docs(root, 2);
    push('main');
    git(root, 'reset', '-q', '--hard', 'HEAD~1');
    put(root, { 'plans/p.md': 'p2\n' });
    commit(root, 'docs: instead');
    const { lines } = await tell(['main']);
    expect(lines[1]).toContain('is not in the history of');
    // app never had a2: of what is pushed it lacks the plan alone.
    expect(lines).toContainEqual(expect.stringContaining('app lacks 1 file of plans'));
    git(dir, 'clone', '-q', join(dir, 'remote.git'), 'other');
    put(join(dir, 'other'), { 'docs/b.md': 'b\n' });
    commit(join(dir, 'other'), 'docs: of somebody else');
    git(join(dir, 'other'), 'push', '-q', 'origin', 'main');
    const { groups } = (await ask(['main'])) as { groups: { refs: { note: string }[] }[] };
    expect(groups[0]?.refs[0]?.note).toContain('is not in this repository (git fetch origin)');
  });

  it('follows the policy for deletions and tags', async () => {
    const { root, tell, settings, push } = await inStep();
    push('main:side');
    expect(await tell([':side'])).toEqual({ exit: 0, lines: [] });
    settings('{ deletions: block, tags: pass }');
    expect(await tell([':side'])).toEqual({
      exit: 6,
      lines: [
        'lockstep pre-push: blocked: the push deletes the branch side, and hooks.pre-push.deletions says block; to delete it all the same: LOCKSTEP=0 git push',
      ],
    });
    docs(root, 2);
    git(root, 'tag', '-a', 'v2', '-m', 'v2');
    expect(await tell(['refs/tags/v2'])).toEqual({ exit: 0, lines: [] });
    settings('{ tags: look }');
    git(root, 'tag', '-f', '-a', 'v2', '-m', 'v2');
    expect((await tell(['refs/tags/v2'])).lines[0]).toBe('lockstep pre-push: checklist for v2 to origin');
  });

  it('is what a rule asks for, by branch and by remote', async () => {
    const { root, tell, settings } = await inStep();
    settings(
      '{ branches: [main, "release/*"], rules: [{ remotes: [backup], require: off }, { branches: ["release/*"], require: synchronized, on_unmet: warn }] }',
    );
    docs(root, 2);
    git(root, 'branch', 'release/2');
    git(root, 'branch', 'wip');
    expect(await tell(['wip'])).toEqual({ exit: 0, lines: [] });
    expect(await tell(['main', 'release/2'], { remote: 'backup' })).toEqual({ exit: 0, lines: [] });
    const { exit, lines } = await tell(['main', 'release/2']);
    expect(exit).toBe(0);
    expect(lines).toContain('lockstep pre-push: checklist for main to origin');
    expect(lines).toContain('lockstep pre-push: checklist for release/2 to origin');
    expect(lines.at(-1)).toMatch(/not held back \(on_unmet: warn\), though "All target projects synchronized"/);
    settings('off');
    expect(await tell(['main'])).toEqual({ exit: 0, lines: [] });
  });
});

it('writes backups alone, and nothing to a target', async () => {
  const { root, at, tell } = await inStep();
  docs(root, 2);
  const before = [treeHash(at('app')), text(root, '.git/lockstep/registry.json')];
  await tell(['main']);
  expect([treeHash(at('app')), text(root, '.git/lockstep/registry.json')]).toEqual(before);
});

it('says which lines it could not read, and blocks nothing for them', async () => {
  const { tell } = await inStep();
  expect(await tell([], { changed: { input: async () => 'refs/heads/main what\n' } })).toEqual({
    exit: 0,
    lines: ["lockstep pre-push: 1 of git's lines could not be read, and what they push was not looked at"],
  });
});
