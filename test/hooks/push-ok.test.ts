import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { put, temporary } from '../fixtures/sandbox.ts';
import { type Call, type Scene, scene, shells, there } from './shells.ts';

const id = (digit: string): string => digit.repeat(40);
const none = id('0');
const url = 'https://example.org/main.git';

interface Accepted extends Scene {
  readonly ok: string;
  /** Writes it anew, five seconds old: after everything else. */
  readonly write: (text: string) => void;
  readonly text: string;
}

/** Everything ten seconds old; `main` at a, `side` at b and a longer id were accepted five seconds ago. */
const accepted = (): Accepted => {
  const one = scene('pre-push', { caller: 'git' });
  const { root, state, main } = one;
  const ok = join(state, 'push-ok');
  const watched = ['sync.config.yaml', 'pipelines', 'pipelines/a.yaml'].map((path) => join(root, path));
  const text = [
    'lockstep-push-ok 1',
    ...[...watched, join(state, 'registry.json'), main].map((path) => `watch ${path}`),
    `ok origin ${url} refs/heads/main ${id('a')}`,
    `ok origin ${url} refs/heads/side ${id('b')}`,
    `ok origin ${url} refs/heads/long ${'c'.repeat(64)}`,
    '',
  ].join('\n');
  const write = (written: string): void => {
    writeFileSync(ok, written);
    one.age(5, ok);
  };
  write(text);
  one.age(10, ...watched, root, main, dirname(main), one.hook, join(state, 'registry.json'), join(state, 'launcher'));
  return { ...one, ok, write, text };
};

const line = (local: string, localId: string, remote = local, remoteId = none): string =>
  `${local} ${localId} ${remote} ${remoteId}\n`;
const usual = line('refs/heads/main', id('a'));

const comparing = shells.filter(({ shell: [program] }) => program !== 'posh');

describe.each(comparing.map((one) => [one.called, one] as const))('under %s', (_called, { shell, lacking }) => {
  it.skipIf(lacking).each([
    ['one ref', usual],
    ['another one', line('refs/heads/side', id('b'), 'refs/heads/side', id('9'))],
    ['several at once', `${line('HEAD', id('a'), 'refs/heads/main')}${line('refs/heads/side', id('b'))}`],
    ['ids of sha256', line('refs/heads/long', 'c'.repeat(64), 'refs/heads/long', '0'.repeat(64))],
  ])('starts no node for exactly what was accepted: %s', (_, input) => {
    expect(accepted().run({ shell, input })).toEqual({ status: 0, out: '', err: '', started: [], read: '' });
  });
});

it.skipIf(!there('posh'))('looks under a shell that cannot compare times (needs posh: apt-get install posh)', () => {
  expect(accepted().run({ shell: ['posh'], input: usual }).started).toHaveLength(1);
});

describe('looks, and hands everything on', () => {
  const cases: readonly (readonly [string, Call, change?: (at: Accepted) => void])[] = [
    ['nothing was accepted', {}, ({ ok }) => rmSync(ok)],
    ['another object', { input: line('refs/heads/main', id('d')) }],
    ['an object that was accepted for another ref', { input: line('refs/heads/main', id('b')) }],
    ['a ref that was never pushed', { input: line('refs/heads/new', id('a')) }],
    ['a ref whose name begins alike', { input: line('refs/heads/main', id('a'), 'refs/heads/mai') }],
    ['another remote', { args: ['backup', url] }],
    ['the same remote at another address', { args: ['origin', 'https://example.org/other.git'] }],
    ['a remote without an address', { args: ['origin', ''] }],
    ['one argument', { args: ['origin'] }],
    ['three arguments', { args: ['origin', url, 'more'] }],
    ['arguments with a space', { args: [`origin ${url} refs/heads/main ${id('a')}`, url] }],
    ['arguments that are patterns', { args: ['*', '*'] }],
    ['a deletion', { input: line('(delete)', none, 'refs/heads/main', id('a')) }],
    [
      'a deletion that was accepted',
      { input: line('(delete)', none, 'refs/heads/main', id('a')) },
      ({ write, text }) => write(`${text}ok origin ${url} refs/heads/main ${none}\n`),
    ],
    [
      'a tag, even an accepted one',
      { input: line('refs/tags/v1', id('a')) },
      ({ write, text }) => write(`${text}ok origin ${url} refs/tags/v1 ${id('a')}\n`),
    ],
    ['a tag that is pushed as a branch', { input: line('refs/tags/v1', id('a'), 'refs/heads/main') }],
    ['one accepted ref and one that is not', { input: `${usual}${line('refs/heads/side', id('a'))}` }],
    ['one that is not accepted before one that is', { input: `${line('refs/heads/x', id('a'))}${usual}` }],
    ['no line', { input: '' }],
    ['an empty line', { input: '\n' }],
    ['an empty line between', { input: `${usual}\n${usual}` }],
    ['an empty line at the end', { input: `${usual}\n` }],
    ['a line without its end', { input: usual.trimEnd() }],
    ['a line of Windows', { input: usual.replace('\n', '\r\n') }],
    ['a tab', { input: usual.replace(' ', '\t') }],
    ['two spaces', { input: usual.replace(' ', '  ') }],
    ['a space in front', { input: ` ${usual}` }],
    ['a space behind', { input: usual.replace('\n', ' \n') }],
    ['three fields', { input: `refs/heads/main ${id('a')} refs/heads/main\n` }],
    ['five fields', { input: usual.replace('\n', ' more\n') }],
    ['an id that is none', { input: line('refs/heads/main', `${id('a')}a`) }],
    ['an id in capitals', { input: line('refs/heads/main', id('A')) }],
    ['a pattern in place of an id', { input: line('refs/heads/main', '*') }],
    ['an odd id of the remote', { input: line('refs/heads/main', id('a'), 'refs/heads/main', 'x') }],
    ['more refs than a person pushes', { input: usual.repeat(65) }],
    ['a newer configuration', {}, ({ root, age }) => age(1, join(root, 'sync.config.yaml'))],
    ['a configuration as old as the answer', {}, ({ root, ok, age }) => age(5, join(root, 'sync.config.yaml'), ok)],
    ['a configuration that is gone', {}, ({ root }) => rmSync(join(root, 'sync.config.yaml'))],
    ['a newer pipeline', {}, ({ root, age }) => age(1, join(root, 'pipelines/a.yaml'))],
    ['one more pipeline', {}, ({ root }) => put(root, { 'pipelines/b.yaml': 'name: b\n' })],
    ['a newer registry', {}, ({ state, age }) => age(1, join(state, 'registry.json'))],
    ['a newer Lockstep', {}, ({ main, age }) => age(1, main)],
    ['a newer script', {}, ({ hook, age }) => age(1, hook)],
    ['another Lockstep recorded since', {}, ({ state, age }) => age(1, join(state, 'launcher'))],
    [
      'an older configuration that was moved in its place',
      {},
      ({ root, age }) => {
        const other = join(temporary('other'), 'c.yaml');
        writeFileSync(other, 'version: 1\n');
        age(60, other);
        renameSync(other, join(root, 'sync.config.yaml'));
      },
    ],
    [
      'a link in place of the configuration',
      {},
      ({ root, age }) => {
        const path = join(root, 'sync.config.yaml');
        renameSync(path, join(root, 'real.yaml'));
        symlinkSync('real.yaml', path);
        age(10, root, path);
      },
    ],
    [
      'an answer for another work tree',
      {},
      ({ write, text, root }) => write(text.replace(`${root}/sync`, '/etc/sync')),
    ],
    [
      'an answer that does not watch the configuration',
      {},
      ({ write, text }) => write(text.replace(/^watch .*sync.config.yaml\n/m, '')),
    ],
    ['an answer that does not watch Lockstep', {}, ({ write, text }) => write(text.replace(/^watch .*main.js\n/m, ''))],
    ['a newer format', {}, ({ write, text }) => write(text.replace('push-ok 1', 'push-ok 2'))],
    ['a format that begins alike', {}, ({ write, text }) => write(text.replace('push-ok 1', 'push-ok 10'))],
    ['a line of a kind that is not known', {}, ({ write, text }) => write(`${text}except refs/heads/main\n`)],
    ['an empty answer', {}, ({ write }) => write('')],
    ['an empty line in the answer', {}, ({ write, text }) => write(`${text}\n`)],
    ['an answer of Windows', {}, ({ write, text }) => write(text.replaceAll('\n', '\r\n'))],
    ['an answer that was cut off', {}, ({ write, text }) => write(text.slice(0, text.indexOf(id('a')) + 39))],
    ['an answer without the end of its last line', {}, ({ write, text }) => write(text.trimEnd())],
    ['a place to watch that is not absolute', {}, ({ write, text }) => write(`${text}watch sync.config.yaml\n`)],
    [
      'one more field in the accepted line',
      {},
      ({ write, text }) => write(text.replace(`refs/heads/main ${id('a')}`, `refs/heads/main ${id('a')} x`)),
    ],
    [
      'a link to the answer',
      {},
      ({ ok, root, age }) => {
        renameSync(ok, join(root, '.git/answer'));
        symlinkSync('../answer', ok);
        age(5, ok);
      },
    ],
    [
      'a folder in place of the answer',
      {},
      ({ ok, age }) => {
        rmSync(ok);
        mkdirSync(ok);
        age(5, ok);
      },
    ],
  ];

  it.each(cases.map(([name, call, change]) => ({ name, call, change })))('$name', ({ call, change }) => {
    const at = accepted();
    change?.(at);
    const { args = ['origin', url], input = usual } = call;
    const answer = at.run({ ...call, args, input });
    expect(answer).toMatchObject({ status: 0, out: '', err: '' });
    expect(answer.started).toEqual([[at.main, 'hook', 'pre-push', ...args].join(' ')]);
    // All that git wrote reaches Lockstep; a last line gets its end.
    expect(answer.read).toBe(input === '' || input === '\n' ? '' : `${input.replace(/\n$/, '')}\n`);
  });

  it('has more than twenty ways', () => expect(cases.length).toBeGreaterThan(20));

  // Root reads everything: it becomes somebody else.
  const other = process.getuid?.() === 0 ? 'setpriv --reuid 65534 --clear-groups' : '';
  it.skipIf(other !== '' && !there('setpriv'))('an answer that cannot be read (root needs setpriv: util-linux)', () => {
    const at = accepted();
    const script = `exec ${other} dash ${at.hook} origin ${url}`;
    spawnSync('chmod', ['-R', 'a+rwX', at.root, dirname(at.main)]);
    spawnSync('chmod', ['000', at.ok]);
    at.age(10, at.root, join(at.root, 'pipelines'), dirname(at.main));
    spawnSync('sh', ['-c', script], { cwd: at.root, input: usual });
    expect(readFileSync(join(dirname(at.main), 'started'), 'utf8')).toContain('hook pre-push');
  });
});

it.skipIf(!there('strace'))(
  'starts no process at all for what was accepted (needs strace: apt-get install strace)',
  () => {
    const at = accepted();
    const log = join(temporary('strace'), 'log');
    const { status } = spawnSync('strace', ['-f', '-e', 'trace=process', '-o', log, 'dash', at.hook, 'origin', url], {
      cwd: at.root,
      input: usual,
    });
    expect(status).toBe(0);
    const calls = readFileSync(log, 'utf8').split('\n');
    expect(calls.filter((call) => /execve\(/.test(call))).toHaveLength(1);
    expect(calls.filter((call) => /\b(?:v?fork|clone3?)\(/.test(call))).toEqual([]);
  },
);
