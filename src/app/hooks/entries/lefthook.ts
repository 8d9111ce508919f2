/** lefthook: the entry is a command of the hook, which lefthook hands git's lines. */
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import type { Files } from '../../../ports.ts';
import { type EntryKind, namesScript, scriptLine } from './entry-kind.ts';

const stems = ['lefthook', '.lefthook', '.config/lefthook', 'lefthook-local', '.lefthook-local'];
const endings = ['yml', 'yaml', 'toml', 'json'] as const;

const parsers: Readonly<Record<(typeof endings)[number], (text: string) => unknown>> = {
  yml: parseYaml,
  yaml: parseYaml,
  toml: parseToml,
  json: (text) => JSON.parse(text),
};

const present = (files: Files, root: string) =>
  stems.flatMap((stem) =>
    endings
      .map((ending) => ({ name: `${stem}.${ending}`, ending }))
      .filter(({ name }) => files.stat(join(root, name))?.kind === 'file'),
  );

const read = (files: Files, path: string, parse: (text: string) => unknown): Readonly<Record<string, unknown>> => {
  try {
    const value = parse(files.readText(path));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
};

const argsOf = {
  'pre-push': '"{1}" "{2}"',
  'post-merge': '"{1}"',
  'post-rewrite': '"{1}"',
  'reference-transaction': '"{1}"',
};

export const lefthook: EntryKind = {
  manager: 'lefthook',
  // It shows a banner for every hook that it runs: not for one that git calls at every move of a ref.
  hooks: ['pre-push', 'post-merge', 'post-rewrite'],
  configured: (files, root) => present(files, root)[0]?.name,
  entry: (hook) =>
    [
      `${hook}:`,
      '  commands:',
      '    lockstep:',
      '      run: |',
      `        ${scriptLine(hook, argsOf[hook])}`,
      '      use_stdin: true',
    ].join('\n'),
  has: (files, root, hook) =>
    present(files, root).some(({ name, ending }) =>
      namesScript(read(files, join(root, name), parsers[ending])[hook], hook),
    ),
  installed: (text) => text.includes('call_lefthook'),
  installCommand: () => 'lefthook install',
};
