/** How long backups and restores take, side by side with restic, borg and `rsync --link-dest`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Contender, Goal, Ground, Work } from './bench.ts';
import { type Corpus, changeOnePercent, large, medium, plantCorpus } from './corpus.ts';

/** How one program is told to do each piece of work on its own copy of the corpus. */
interface Peer {
  readonly name: string;
  /** The folder that is backed up. */
  readonly tree: string;
  /** Leaves an empty store. */
  readonly empty: () => void;
  readonly backup: () => Contender;
  /** Into an empty folder, or where the tree stood: the tree is gone. */
  readonly restore: () => Contender;
}

const gone = (dir: string): void => rmSync(dir, { recursive: true, force: true });
const fresh = (dir: string): void => {
  gone(dir);
  mkdirSync(dir, { recursive: true });
};

const call = (env: Readonly<Record<string, string>>, [program, ...args]: readonly [string, ...string[]]): string =>
  execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const restic = (dir: string, env: Ground['env']): Peer => {
  const [tree, repo, out] = ['tree', 'repo', 'out'].map((name) => join(dir, name)) as [string, string, string];
  const own = { RESTIC_PASSWORD: 'bench', RESTIC_REPOSITORY: repo, RESTIC_CACHE_DIR: join(dir, 'cache') };
  return {
    name: 'restic',
    tree,
    empty: () => {
      gone(repo);
      gone(own.RESTIC_CACHE_DIR);
      call({ ...env, ...own }, ['restic', 'init', '-q']);
    },
    backup: () => ({ name: 'restic', argv: ['restic', 'backup', '-q', 'tree'], cwd: dir, env: own }),
    restore: () => ({
      name: 'restic',
      argv: ['restic', 'restore', '-q', 'latest', '--target', out],
      env: own,
      before: () => fresh(out),
    }),
  };
};

const borg = (dir: string, env: Ground['env']): Peer => {
  const [tree, repo, out] = ['tree', 'repo', 'out'].map((name) => join(dir, name)) as [string, string, string];
  const own = { BORG_BASE_DIR: join(dir, 'base'), BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' };
  return {
    name: 'borg',
    tree,
    empty: () => {
      gone(repo);
      gone(own.BORG_BASE_DIR);
      call({ ...env, ...own }, ['borg', 'init', '-e', 'none', repo]);
    },
    backup: () => ({ name: 'borg', argv: ['borg', 'create', `${repo}::{utcnow:%s%f}`, 'tree'], cwd: dir, env: own }),
    restore: () => {
      const newest = call({ ...env, ...own }, ['borg', 'list', '--last', '1', '--short', repo]).trim();
      return {
        name: 'borg',
        argv: ['borg', 'extract', `${repo}::${newest}`],
        cwd: out,
        env: own,
        before: () => fresh(out),
      };
    },
  };
};

const rsync = (dir: string): Peer => {
  const [tree, repo, out] = ['tree', 'repo', 'out'].map((name) => join(dir, name)) as [string, string, string];
  return {
    name: 'rsync --link-dest',
    tree,
    empty: () => fresh(repo),
    // Each goes beside the last one, which `last` names.
    backup: () => ({
      name: 'rsync --link-dest',
      argv: [
        'sh',
        '-c',
        'n=$(date +%s%N); rsync -a --link-dest="$1/last" "$0/" "$1/$n" && ln -sfn "$n" "$1/last"',
        tree,
        repo,
      ],
    }),
    restore: () => ({
      name: 'rsync --link-dest',
      argv: ['rsync', '-a', `${repo}/last/`, `${out}/`],
      before: () => fresh(out),
    }),
  };
};

const config = `version: 1
project: { name: bench }
components:
  docs: { from: docs, into: docs }
`;

const lockstepPeer = (dir: string, { lockstep, env }: Ground, corpus: Corpus): Peer => {
  const [main, target] = [join(dir, 'main'), join(dir, 'app')];
  const tree = join(target, 'docs');
  const state = join(main, '.git/lockstep');
  const python = join(target, '.venv');
  mkdirSync(target, { recursive: true });
  call(env, ['python3', '-m', 'venv', '--without-pip', python]);
  plantCorpus(join(main, 'docs'), corpus);
  writeFileSync(join(main, 'sync.config.yaml'), config);
  const git = (...words: string[]): string =>
    call(
      { ...env, GIT_AUTHOR_NAME: 'b', GIT_AUTHOR_EMAIL: 'b@b', GIT_COMMITTER_NAME: 'b', GIT_COMMITTER_EMAIL: 'b@b' },
      ['git', '-C', main, ...words],
    );
  git('init', '-q', '-b', 'main');
  // How well git squeezes the corpus is not what is measured, and takes minutes.
  git('config', 'core.compression', '0');
  git('config', 'gc.auto', '0');
  git('add', '-A');
  git('commit', '-q', '-m', 'docs: all');
  // Packed, as a clone is.
  git('repack', '-a', '-d', '-q', '--window=0');
  const record = {
    name: 'app',
    path: '../app',
    type: 'site-packages',
    last_sync: null,
    sync_version: null,
    status: 'unknown',
  };
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'registry.json'), JSON.stringify({ targets: [record] }));
  const newest = (): string => {
    const folder = join(state, 'store/backups/app');
    const made = readdirSync(folder).filter(
      (name) => !readFileSync(join(folder, name), 'utf8').includes('"occasion":"restore"'),
    );
    return (made.sort().at(-1) ?? '').replace(/\.json$/, '');
  };
  return {
    name: 'lockstep',
    tree,
    empty: () => gone(join(state, 'store')),
    backup: () => ({ name: 'lockstep', argv: [...lockstep, 'target', 'backup', 'app'], cwd: main }),
    restore: () => ({
      name: 'lockstep',
      argv: [...lockstep, 'target', 'restore', 'app', '--backup', newest()],
      cwd: main,
      before: () => gone(tree),
    }),
  };
};

const isHere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

const peersOf = (ground: Ground, dir: string, corpus: Corpus): readonly [Peer, ...Peer[]] => {
  const place = (name: string): string => {
    const own = join(dir, name);
    mkdirSync(own, { recursive: true });
    return own;
  };
  const others = [
    { name: 'restic', make: () => restic(place('restic'), ground.env) },
    { name: 'borg', make: () => borg(place('borg'), ground.env) },
    { name: 'rsync', make: () => rsync(place('rsync')) },
  ];
  const here = others.flatMap(({ name, make }) =>
    isHere(name) ? [make()] : ground.absent(name, `apt-get install ${name === 'borg' ? 'borgbackup' : name}`),
  );
  return [lockstepPeer(place('lockstep'), ground, corpus), ...here];
};

/** By corpus: cold, unchanged, one percent changed, restore; times restic's. */
const goals: Readonly<Record<string, readonly [number, number, number, number]>> = {
  M: [0.2, 0.13, 0.15, 0.22],
  L: [0.35, 0.1, 0.22, 0.4],
};

const goalsOf = (corpus: Corpus, nth: 0 | 1 | 2 | 3): readonly Goal[] => [
  { kind: 'ratio', to: 'restic', atMost: goals[corpus.name]?.[nth] ?? 1 },
  { kind: 'ratio', to: 'borg', atMost: 1 },
  { kind: 'ratio', to: 'rsync --link-dest', atMost: 1 },
];

type Contenders = Work['contenders'];

async function* works(ground: Ground, corpus: Corpus): AsyncIterable<Work> {
  const what = `${corpus.name}, ${corpus.files.toLocaleString('en')} files, ${corpus.bytes / 1_000_000} MB`;
  ground.say(`making ${what}`);
  const peers = peersOf(ground, join(ground.dir, corpus.name), corpus);
  for (const { tree } of peers) plantCorpus(tree, corpus);
  const contend = (make: (peer: Peer) => Contender): Contenders => peers.map(make) as unknown as Contenders;

  const cold = contend((peer) => ({ ...peer.backup(), before: peer.empty }));
  yield { name: `backup, cold: ${what}`, contenders: cold, goals: goalsOf(corpus, 0) };
  yield { name: `backup, unchanged: ${what}`, contenders: contend((peer) => peer.backup()), goals: goalsOf(corpus, 1) };
  const changed = contend((peer) => {
    let version = 0;
    return {
      ...peer.backup(),
      before: () => {
        version += 1;
        changeOnePercent(peer.tree, corpus, version);
      },
    };
  });
  yield { name: `backup, 1 % changed: ${what}`, contenders: changed, goals: goalsOf(corpus, 2) };
  yield { name: `restore: ${what}`, contenders: contend((peer) => peer.restore()), goals: goalsOf(corpus, 3) };
}

/** `npm run bench -- backup M` or `L` alone; both when neither is named. */
export const backup: Bench = {
  name: 'backup',
  summary: 'target backup and target restore of documents, against restic, borg and rsync --link-dest',
  works: async function* (ground) {
    const chosen = [medium, large].filter(({ name }) => ground.words.length === 0 || ground.words.includes(name));
    for (const corpus of chosen) {
      yield* works(ground, corpus);
      gone(join(ground.dir, corpus.name));
    }
  },
};
