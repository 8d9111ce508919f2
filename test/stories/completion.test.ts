import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commit, initRepo, put } from '../fixtures/sandbox.ts';
import { lockstep } from './command.ts';

let dir = '';
let main = '';
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-shells-')));
  main = initRepo(join(dir, 'main'));
  const targets = ['app', "owner's app"].map((name) => ({ name, path: '../app', type: 'source', status: 'unknown' }));
  put(main, {
    'sync.config.yaml': 'version: 1\nproject: { name: words }\n',
    'folder/file.json': '',
    '.git/lockstep/registry.json': JSON.stringify({ targets }),
  });
  commit(main, 'feat: first');
  for (const shell of ['bash', 'zsh', 'fish'])
    put(dir, { [`${shell}.sh`]: `${lockstep(main, 'completion', shell).out}\n` });
});
afterAll(() => fse.removeSync(dir));

const missing = (shell: string): string | undefined =>
  spawnSync(shell, ['--version']).status === 0 ? undefined : `there is no ${shell} here`;

const told = (shell: string, args: readonly string[]): readonly string[] =>
  execFileSync(shell, args, { cwd: main, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

interface Typed {
  readonly words: readonly string[];
  readonly offers: readonly string[];
}

const lines: Readonly<Record<string, Typed>> = {
  'a command': { words: ['sync', 'stat'], offers: ['status'] },
  'an option': { words: ['sync', 'run', '--dry'], offers: ['--dry-run'] },
  'a target': { words: ['sync', 'run', '--target', 'a'], offers: ['app'] },
  'a folder': { words: ['target', 'add', 'x', '--path', 'fol'], offers: ['folder'] },
};

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

describe('bash', () => {
  const why = missing('bash');
  const complete = (words: readonly string[]): readonly string[] => {
    const line = ['lockstep', ...words].map(single).join(' ');
    const script = `source ${single(join(dir, 'bash.sh'))}; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _lockstep; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return told('bash', ['--norc', '--noprofile', '-c', script]);
  };
  it.skipIf(why).each(Object.entries(lines))(`completes %s${why ? ` (skipped: ${why})` : ''}`, (_, { words, offers }) =>
    expect(complete(words)).toEqual(offers),
  );
  it.skipIf(why)('quotes a name with a space, and breaks words at =', () => {
    expect(complete(['target', 'show', 'own'])).toEqual(["owner\\'s\\ app"]);
    expect(complete(['sync', 'run', '--target', '=', 'a'])).toEqual(['app']);
    expect(complete(['sync', 'run', '--target', '='])).toEqual(['app', "owner\\'s\\ app"]);
  });
  it.skipIf(why)('registers itself for lockstep', () => {
    const said = told('bash', ['--norc', '-c', `source ${single(join(dir, 'bash.sh'))}; complete -p lockstep`]);
    expect(said).toEqual(['complete -F _lockstep lockstep']);
  });
});

describe('zsh', () => {
  const why = missing('zsh');
  /** A terminal of its own, in which somebody types a line and presses the tab key. */
  const typeAndTab = (line: string): string => {
    const setUp = [
      `PS1='> '`,
      `cd ${single(main)}`,
      `autoload -Uz compinit`,
      `compinit -u -d ${single(join(dir, 'zcompdump'))}`,
      `source ${single(join(dir, 'zsh.sh'))}`,
      `bindkey '^I' complete-word`,
      `lockstep() { print -r -- "<$*>" }`,
      // Not as it is echoed.
      `print rea''dy`,
    ].join('; ');
    const script = `
      zmodload zsh/zpty
      zpty z 'env TERM=dumb zsh -f -i'
      zpty -w z ${single(setUp)}
      zpty -r -m z out '*ready*'
      zpty -n -w z ${single(line)}$'\\t'
      zpty -n -w z $'\\n'
      zpty -r -m z out '*\\<*\\>*'
      print -r -- "$out"
      zpty -d z`;
    return told('zsh', ['-f', '-c', script]).join('\n');
  };
  it.skipIf(why).each(Object.entries(lines))(
    `completes %s${why ? ` (skipped: ${why})` : ''}`,
    (_, { words, offers }) => {
      expect(typeAndTab(`lockstep ${words.join(' ')}`)).toContain(`<${[...words.slice(0, -1), ...offers].join(' ')}`);
    },
  );
});

describe('fish', () => {
  const why = missing('fish');
  const complete = (line: string): readonly string[] =>
    told('fish', ['--no-config', '-c', `source ${single(join(dir, 'fish.sh'))}; complete -C ${single(line)}`]);
  it.skipIf(why).each(Object.entries(lines))(
    `completes %s${why ? ` (skipped: ${why})` : ''}`,
    (_, { words, offers }) => {
      expect(complete(`lockstep ${words.join(' ')}`).map((one) => one.split('\t')[0]?.replace(/\/$/, ''))).toEqual(
        offers,
      );
    },
  );
  it.skipIf(why)('says what each word is', () => {
    expect(complete('lockstep sync sta')).toEqual(['status\tshow how each target stands, and why']);
  });
});
