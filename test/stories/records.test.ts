import { chmodSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentStory, documentStory, workOnDocuments } from '../fixtures/document-story.ts';
import { plainUser } from '../fixtures/plain-user.ts';
import { commit, put, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';
import { type Answer, built, lastObject, lockstep, ran, started } from './command.ts';

const node = process.execPath;
const user = plainUser([node, built, '--version']);

/** Says something, then holds the run when it is asked to, or fails. */
const check = `echo "checking with API_TOKEN=hunter2hunter2"
[ -e "$1/fail" ] && exit 3
[ -e "$1/hold" ] || exit 0
echo > "$1/held"
sleep 600
`;

// One story told in order: each test goes on where the one before it ended.
describe('what past runs are told of', () => {
  let story: DocumentStory;
  const ids: Record<'done' | 'nothing' | 'undone' | 'killed', string> = {
    done: '',
    nothing: '',
    undone: '',
    killed: '',
  };
  const say = (...words: string[]): Answer => lockstep(story.main, ...words);
  const out = (...words: string[]): string => {
    const answer = say(...words);
    expect({ words, exit: answer.exit, err: answer.err }).toEqual({ words, exit: 0, err: '' });
    return answer.out;
  };
  const newest = (): string => String((lastObject(say('sync', 'runs', '--json')).runs as { run: string }[])[0]?.run);
  const top = (name: string) => join(story.top, name);

  beforeAll(() => {
    story = documentStory(
      realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-records-'))),
      typeof user === 'string' ? 'python3' : user.python,
    );
    chmodSync(story.top, 0o755);
    process.env.HOME = story.top;
    put(story.top, { 'check.sh': check });
    const said = `    - { name: speaks, uses: command, with: { argv: [sh, ${top('check.sh')}, ${story.top}] } }\n`;
    put(story.main, {
      'sync.config.yaml': text(story.main, 'sync.config.yaml').replace('  core:\n', `  said:\n${said}  core:\n`),
    });
    put(story.main, {
      'pipelines/documents.yaml': text(story.main, 'pipelines/documents.yaml').replace(
        '[docs] } }\n  - { id: tag',
        '[docs, said] } }\n  - { id: tag',
      ),
    });
    commit(story.main, 'test: a check that speaks');
    out('trust', '--yes');
  });
  afterAll(() => fse.removeSync(story.top));

  it('before the first one, it says what to type', () => {
    expect(out('sync', 'runs')).toBe('no run is recorded yet: lockstep sync run --all-targets\n');
    expect(say('sync', 'show', 'last').err).toContain('no run is recorded yet');
  });

  it('a done one: what was planned, what each step did, what was checked', () => {
    out('sync', 'run', '--target', 'app', '--reason', 'weekly');
    ids.done = newest();
    const shown = out('sync', 'show', 'last');
    expect(shown).toContain(ids.done);
    expect(shown).toMatch(/reason {2}weekly/);
    expect(shown).toMatch(/^app {2}done {2}\+\d+ ~0 -0/m);
    expect(shown).toMatch(/\+ .*opencode\/docs\/INDEX\.md .*new in main/);
    expect(shown).toMatch(/verify done \(.*has output\)/);
    expect(shown).toMatch(/checks {2}\d of \d passed/);
    expect(shown).toMatch(/backup {2}app-/);
  });

  it('one with nothing to do, which left no record of its own', () => {
    out('sync', 'run', '--target', 'app');
    ids.nothing = newest();
    expect(ids.nothing).not.toBe(ids.done);
    expect(out('sync', 'runs')).toMatch(new RegExp(`^${ids.nothing} .*nothing to do app$`, 'm'));
    expect(out('sync', 'show', ids.nothing)).toContain('it left no record: nothing was to be done');
    expect(out('sync', 'logs', ids.nothing)).toContain(`nothing that a step of run ${ids.nothing} printed is kept`);
  });

  it('one that was undone: the cause, and where its output is', () => {
    workOnDocuments(story.main, 1);
    put(story.top, { fail: '' });
    expect(say('sync', 'run', '--target', 'app').exit).toBe(5);
    fse.removeSync(top('fail'));
    ids.undone = newest();
    const shown = out('sync', 'show', ids.undone.slice(0, -1));
    expect(shown).toMatch(/^app {2}failed, undone {2}verify failed; everything was put back/m);
    expect(shown).toMatch(/said › speaks failed: exit 3/);
    expect(shown).toContain(`next  lockstep sync logs ${ids.undone} --target app --step verify`);
    const logs = out('sync', 'logs', 'last', '--target', 'app', '--step', 'verify');
    expect(logs).toContain('── app › verify\n$ sh ');
    expect(logs).toContain('checking with API_TOKEN=•••\n');
    expect(logs).not.toContain('hunter2');
  });

  it('one that was killed: cut off, until recover has put everything back', async () => {
    const before = treeHash(story.documents);
    put(story.top, { hold: '' });
    const run = started(story.main, 'sync', 'run', '--target', 'app');
    await run.made(top('held'));
    ids.killed = newest();
    expect(out('sync', 'runs')).toMatch(
      new RegExp(`^${ids.killed} .*running: process \\d+ on .* runs it; running app$`, 'm'),
    );
    run.send('SIGKILL');
    await run.ended;
    fse.removeSync(top('hold'));
    expect(out('sync', 'runs')).toMatch(
      new RegExp(`^${ids.killed} .*cut off: process \\d+ on .* ended before it did; cut off app$`, 'm'),
    );
    const shown = out('sync', 'show', 'last');
    expect(shown).toMatch(/^app {2}cut off {2}not undone yet/m);
    expect(shown).toContain('verify did not end');
    expect(shown).toMatch(/next {2}lockstep sync recover$/m);
    // What it had printed until then is kept.
    expect(out('sync', 'logs', 'last')).toContain('checking with API_TOKEN=•••');
    out('sync', 'recover');
    expect(treeHash(story.documents)).toBe(before);
    expect(out('sync', 'show', 'last')).toMatch(/^app {2}cut off {2}undone since, \d+ paths put back/m);
  });

  it('all of them, newest first, for people and for programs', () => {
    const lines = out('sync', 'runs').split('\n');
    const order = [ids.killed, ids.undone, ids.nothing, ids.done];
    expect(lines.slice(1, 5).map((line) => line.split(' ')[0])).toEqual(order);
    const { runs, older } = lastObject(say('sync', 'runs', '--target', 'app', '--last', '3', '--json'));
    expect((runs as { run: string; state: string }[]).map(({ run, state }) => [run, state])).toEqual([
      [ids.killed, 'cut-off'],
      [ids.undone, 'finished'],
      [ids.nothing, 'finished'],
    ]);
    expect(older).toBe(1);
    expect(out('sync', 'runs', '--last', '1')).toContain('3 older runs: --last 4 shows all');
  });

  it('a wrong word is answered with the right one', () => {
    const near = `${ids.done.slice(0, -1)}${ids.done.endsWith('0') ? '1' : '0'}`;
    const wrong = say('sync', 'show', `x${near}`);
    expect(wrong.exit).toBe(2);
    expect(wrong.err).toMatch(/did you mean \d{8}T\d{6}Z-[0-9a-f]{4}\?/);
    for (const words of [
      ['runs', '--target', 'ap'],
      ['logs', ids.done, '--target', 'ap'],
      ['explain', 'ap'],
    ]) {
      const answer = say('sync', ...words);
      expect({ words, exit: answer.exit }).toEqual({ words, exit: 2 });
      expect(answer.err).toContain('did you mean app?');
    }
    expect(say('sync', 'runs', '--last', 'all').exit).toBe(2);
  });

  it('explains the target, a file and a key', () => {
    const whole = out('sync', 'explain', 'app');
    expect(whole).toMatch(/^app {2}needs sync/m);
    expect(whole).toMatch(/^ {2}docs +behind +[0-9a-f]{10} +\d+ to write/m);
    expect(whole).toContain(`next  lockstep sync show ${ids.done}`);
    const file = out('sync', 'explain', 'app', 'docs/INDEX.md');
    expect(file).toMatch(/component +docs/);
    expect(file).toMatch(/rule +from docs into \$\{\{ target\.package_dir \}\}\/docs; on_conflict: keep/);
    expect(file).toMatch(/main +docs\/INDEX\.md at [0-9a-f]{10}: blob [0-9a-f]{10}/);
    expect(file).toMatch(/stands +sha256 [0-9a-f]{16}, mode 644 \(not as main has it, as it was synced\)/);
    expect(file).toMatch(new RegExp(`written +run ${ids.done} \\(.*\\) of commit [0-9a-f]{10}: new in main`));
    expect(file).toMatch(/a sync +write main's version: changed in main/);
    const key = out('sync', 'explain', 'app', 'default_model');
    expect(key).toMatch(new RegExp(`set by +run ${ids.done}`));
    expect(key).toMatch(/strategy +keep \(strategies: default_model\)/);
    put(story.target, { 'opencode.toml': text(story.target, 'opencode.toml').replace('"gpt-a"', '"mine"') });
    expect(out('sync', 'explain', 'app', 'opencode.toml:default_model')).toMatch(
      /set by +the owner: it is not what main had/,
    );
    expect(say('sync', 'explain', 'app', 'defualt_model').err).toContain('did you mean default_model?');
  });

  const noUser = typeof user === 'string' ? ` (${user})` : '';
  it.skipIf(noUser !== '')(`also to somebody who may write nothing there${noUser}`, () => {
    if (typeof user === 'string') return;
    user.owns(story.top);
    const state = join(story.main, '.git/lockstep');
    for (const name of ['', ...readdirSync(state, { recursive: true, encoding: 'utf8' })]) {
      const path = join(state, name);
      chmodSync(path, fse.statSync(path).isDirectory() ? 0o555 : 0o444);
    }
    const before = treeHash(story.top);
    for (const words of [
      ['runs'],
      ['show', 'last'],
      ['logs', ids.done],
      ['explain', 'app'],
      ['explain', 'app', 'docs/INDEX.md'],
      ['explain', 'app', 'default_model'],
    ]) {
      const answer = ran(story.main, [...user.words, node, built, 'sync', ...words] as [string, ...string[]]);
      expect({ words, exit: answer.exit, err: answer.err }).toEqual({ words, exit: 0, err: '' });
      expect(answer.out).not.toBe('');
    }
    expect(treeHash(story.top)).toBe(before);
  });
});
