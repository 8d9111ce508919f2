/** What the hooks cost a push, beside no hooks at all and beside other programs that start a command that does nothing. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bench, Contender, Ground } from './bench.ts';

const config = `version: 1
project: { name: words }
components:
  docs: { from: docs, into: docs }
hooks: { post-push: off, post-merge: off }
`;

const pipeline = `name: documents
steps:
  - { id: detect, uses: detect }
  - { id: backup, uses: backup }
  - { id: docs, uses: copy, with: { components: [docs] } }
`;

const targets = 10;

const who = {
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@example.org',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@example.org',
};

interface Lane {
  readonly name: string;
  readonly main: string;
  readonly run: (cwd: string, program: string, ...args: readonly string[]) => string;
}

const put = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
};

/** A main project with ten targets that have all of it, and a remote beside it. */
const prepare = ({ dir, env, lockstep, say }: Ground): Lane => {
  const run: Lane['run'] = (cwd, program, ...args) =>
    execFileSync(program, args, {
      cwd,
      encoding: 'utf8',
      env: { ...env, ...who },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  say(`a main project and ${targets} targets in step with it`);
  const top = join(dir, 'first');
  const main = join(top, 'main');
  const records = Array.from({ length: targets }, (_, index) => ({
    name: `t${index}`,
    path: `../t${index}`,
    type: 'site-packages',
    pipeline: 'documents',
    last_sync: null,
    sync_version: null,
    status: 'needs_sync',
  }));
  for (const { name } of records) {
    put(join(top, name, '.venv/pyvenv.cfg'), 'version = 3.11.2\n');
    put(join(top, name, '.venv/lib/python3.11/site-packages/README.txt'), '');
  }
  put(join(main, 'sync.config.yaml'), config);
  put(join(main, 'pipelines/documents.yaml'), pipeline);
  for (let file = 0; file < 60; file += 1) put(join(main, `docs/d${file}.md`), `# ${file}\n`);
  run(main, 'git', 'init', '-q', '-b', 'main');
  put(join(main, '.git/lockstep/registry.json'), JSON.stringify({ targets: records }));
  run(main, 'git', 'add', '-A');
  run(main, 'git', 'commit', '-q', '-m', 'docs: first');
  run(top, 'git', 'init', '-q', '--bare', '-b', 'main', 'remote.git');
  run(main, 'git', 'remote', 'add', 'origin', '../remote.git');
  run(main, 'git', 'push', '-q', '-u', 'origin', 'main');
  run(main, ...lockstep, 'trust', '--yes');
  run(main, ...lockstep, 'sync', 'run', '--all-targets');
  return { name: 'first', main, run };
};

/** A copy of the whole ground for one contender. */
const lane = (name: string, first: Lane, { dir }: Ground): Lane => {
  const to = join(dir, name);
  cpSync(dirname(first.main), to, { recursive: true, preserveTimestamps: true });
  return { ...first, name, main: join(to, 'main') };
};

/** Other programs that start hooks, each with one that does nothing; those that are here. */
const peers = (first: Lane, ground: Ground): readonly Lane[] => {
  const has = (program: string): boolean => {
    try {
      first.run(first.main, 'sh', '-c', `command -v ${program}`);
      return true;
    } catch {
      return false;
    }
  };
  const husky = join(process.cwd(), 'node_modules/husky/bin.js');
  const found: Lane[] = [];
  if (existsSync(husky)) {
    const one = lane('husky', first, ground);
    one.run(one.main, process.execPath, husky);
    put(join(one.main, '.husky/pre-push'), 'exit 0\n');
    found.push(one);
  } else ground.absent('husky', 'npm ci brings it');
  const lefthook = [join(process.cwd(), 'node_modules/.bin/lefthook'), 'lefthook'].find(has);
  if (lefthook !== undefined) {
    const one = lane('lefthook', first, ground);
    put(join(one.main, 'lefthook.yml'), 'output: false\npre-push:\n  commands:\n    nothing:\n      run: "true"\n');
    one.run(one.main, lefthook, 'install');
    found.push(one);
  } else ground.absent('lefthook', 'npm install --no-save lefthook');
  if (has('pre-commit')) {
    const one = lane('pre-commit', first, ground);
    const hook =
      '{ id: nothing, name: nothing, language: system, entry: "true", always_run: true, pass_filenames: false, stages: [push] }';
    put(join(one.main, '.pre-commit-config.yaml'), `repos:\n  - repo: local\n    hooks:\n      - ${hook}\n`);
    one.run(one.main, 'pre-commit', 'install', '--hook-type', 'pre-push');
    found.push(one);
  } else ground.absent('pre-commit', 'apt-get install pre-commit');
  return found;
};

const pushing = (one: Lane, before: () => void): Contender => ({
  name: one.name,
  argv: ['git', 'push', '-q', 'origin', 'HEAD:refs/heads/side'],
  cwd: one.main,
  env: who,
  before,
});

/** The same commit is pushed again: the remote has forgotten the branch. */
const again = (one: Lane): Contender =>
  pushing(one, () => {
    one.run(join(one.main, '../remote.git'), 'git', 'update-ref', '-d', 'refs/heads/side');
    one.run(one.main, 'git', 'update-ref', '-d', 'refs/remotes/origin/side');
  });

let commits = 0;
const fresh = (one: Lane): void => {
  commits += 1;
  const tree = one.run(one.main, 'git', 'rev-parse', 'HEAD^{tree}');
  const id = one.run(one.main, 'git', 'commit-tree', '-p', 'HEAD', '-m', `chore: ${commits}`, tree);
  one.run(one.main, 'git', 'reset', '-q', '--soft', id);
};

export const hooks: Bench = {
  name: 'hooks',
  summary: `what the hooks cost a push; ${targets} targets that have everything`,
  works: async function* (ground) {
    const { lockstep } = ground;
    const first = prepare(ground);
    const none = lane('no hooks', first, ground);
    const own = lane('lockstep', first, ground);
    own.run(own.main, ...lockstep, 'hooks', 'install');
    // A second after all that it watches, as a person would push.
    own.run(own.main, 'sleep', '1');
    const others = peers(first, ground);
    own.run(own.main, 'git', 'push', '-q', 'origin', 'HEAD:refs/heads/side');
    own.run(own.main, 'sleep', '1');
    const lanes = [none, ...others];
    yield {
      name: 'a push of exactly what was accepted before',
      contenders: [again(own), ...lanes.map(again)],
      goals: [{ kind: 'above', to: 'no hooks', ms: 5 }],
    };
    yield {
      name: 'a push of a new commit that brings no target anything',
      contenders: [pushing(own, () => fresh(own)), ...lanes.map((one) => pushing(one, () => fresh(one)))],
      goals: [],
    };
    const input = join(ground.dir, 'line');
    writeFileSync(input, '');
    const asked: Contender = {
      name: 'lockstep',
      argv: ['sh', '-c', 'exec "$0" "$1" hook pre-push origin ../remote.git <"$2"', ...lockstep, input],
      cwd: own.main,
      before: () => {
        fresh(own);
        const [id, there] = ['HEAD', 'refs/remotes/origin/side'].map((ref) =>
          own.run(own.main, 'git', 'rev-parse', ref),
        );
        writeFileSync(input, `refs/heads/main ${id} refs/heads/side ${there}\n`);
      },
    };
    yield {
      name: 'the pre-push hook of a new commit that brings no target anything',
      // Through a shell as well, which only gives it its input.
      contenders: [asked, { name: 'node', argv: ['sh', '-c', 'exec "$0" -e 0 <"$1"', process.execPath, input] }],
      goals: [{ kind: 'above', to: 'node', ms: 40 }],
    };
    rmSync(input, { force: true });
  },
};
