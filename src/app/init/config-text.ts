/** The text of a first `sync.config.yaml`: commented for the person who goes on from there, and right by its schema. */
import { posix } from 'node:path';
import { configSchema } from '../../config/config-schema.ts';
import { renderProblem } from '../../config/problem.ts';
import { checkAgainst } from '../../config/validate.ts';
import { parseYaml } from '../../config/yaml-file.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Setup } from './setup.ts';

/** Plain where YAML takes it for this very text, else between quotes. */
const scalar = (text: string): string =>
  /^[A-Za-z./][\w./-]*$/.test(text) &&
  !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) &&
  !/^\.(inf|nan)$/i.test(text)
    ? text
    : JSON.stringify(text);

const projectLines = ({ name, module, folder }: Setup): readonly string[] => {
  const rows = [
    [`name: ${scalar(name)}`, 'as pip knows it'],
    [`import: ${scalar(module)}`, 'as Python imports it'],
    folder === null
      ? ['# package: .', 'the folder with pyproject.toml; without one the package comes from an index']
      : [`package: ${scalar(folder)}`, 'the folder with pyproject.toml'],
  ];
  const width = Math.max(...rows.map(([text = '']) => text.length));
  return ['project:', ...rows.map(([text = '', says]) => `  ${text.padEnd(width)}  # ${says}`)];
};

/** Names that mean something else are left to them. */
const componentName = (folder: string): string => {
  const plain = posix
    .basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return plain === '' || /^\d/.test(plain) || plain === 'package' || plain === 'config' ? `docs-${plain}` : plain;
};

const componentLines = ({ docs, name, folder: ofPackage }: Setup): readonly string[] => {
  // Beside the package that imports them; without one in this project, in a folder that bears its name.
  const into = (folder: string): string =>
    ofPackage === null
      ? scalar(`${posix.basename(folder)}/${name}`)
      : JSON.stringify(`\${{ target.package_dir }}/${posix.basename(folder)}`);
  const lines = docs.map((folder) => `${componentName(folder)}: { from: ${scalar(folder)}, into: ${into(folder)} }`);
  return [
    '# Files and folders of this project, and where they go in a target.',
    ...(lines.length === 0
      ? ['# components:', `#   docs: { from: docs, into: ${scalar(`docs/${name}`)} }`]
      : ['components:', ...lines.map((line) => `  ${line}`)]),
  ];
};

const configLines = ({ config }: Setup): readonly string[] => [
  '# Configuration files that are merged key by key: what a target changed stays, what it lacks is added.',
  '# strategies: { data_dir: keep, providers: merge } says it otherwise for single keys.',
  ...(config.length === 0
    ? ['# config:', '#   - { from: config/app.toml, into: app.toml }']
    : ['config:', ...config.map((path) => `  - { from: ${scalar(path)}, into: ${scalar(posix.basename(path))} }`)]),
];

const hookLines = [
  '# What the git hooks do, once `lockstep hooks install` put them in place: sync needs `lockstep trust` on each machine.',
  'hooks:',
  '  pre-push: { require: checklist, on_unmet: block }  # or synchronized, off; or warn',
  '  post-merge: sync                                   # or plan, notify, off',
];

/** Throws `usage` for answers that make no configuration, with what is wrong with them. */
export const configText = (setup: Setup, hooks: 'with hooks' | 'without hooks'): string => {
  const text = [
    '# yaml-language-server: $schema=./schemas/sync.config.schema.json',
    '# What is kept in step with this project, and how. `lockstep validate` checks it, editors complete it.',
    'version: 1',
    ...projectLines(setup),
    '',
    ...componentLines(setup),
    '',
    ...configLines(setup),
    '',
    ...(hooks === 'with hooks' ? hookLines : hookLines.map((line) => (line.startsWith('#') ? line : `# ${line}`))),
    '',
  ].join('\n');
  const problems = checkAgainst(configSchema, parseYaml(text, 'sync.config.yaml'));
  if (problems.length === 0) return text;
  throw new LockstepError('usage', 'these answers make no configuration', {
    details: problems.flatMap(renderProblem),
    hint: 'lockstep init --help shows the option for each of them',
  });
};
