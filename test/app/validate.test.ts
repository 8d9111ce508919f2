import { join } from 'node:path';
import { expect, it } from 'vitest';
import { put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';
import { lockstep } from '../stories/command.ts';

const said = (main: string): { readonly exit: number | null; readonly lines: readonly string[] } => {
  const { exit, out, err } = lockstep(main, 'validate');
  return { exit, lines: `${out}${err}`.split('\n') };
};
const target = (name: string, more: Readonly<Record<string, unknown>>): object => ({
  name,
  path: `../${name}`,
  type: 'site-packages',
  last_sync: null,
  sync_version: null,
  status: 'unknown',
  ...more,
});

it('passes the sample project, with pipelines that name what it has', () => {
  const main = sampleMain(join(temporary('validate'), 'main'));
  put(main, {
    'pipelines/own.yaml': `name: own
steps:
  - { uses: backup, with: { components: [package, docs, config] } }
  - { uses: copy, with: { components: [plans, rag] }, if: "changes.touches('plans') || changes.has('docs')" }
  - { uses: verify, with: { suites: [core, features, docs] } }
`,
  });
  expect(said(main)).toMatchObject({ exit: 0 });
});

it('shows every mistake of every file at once, each with its line and a caret', () => {
  const main = sampleMain(join(temporary('validate'), 'main'));
  const config = text(main, 'sync.config.yaml')
    .replace('target.package_dir }}/plans', 'target.pakage_dir }}/plans')
    .replace('[docs, plans, rag] } }\n    - { name: no', '[doc, plans, rag] } }\n    - { name: no')
    .replace('source: opencode-main }', 'sorce: opencode-main }');
  put(main, {
    'sync.config.yaml': `${config}commits:\n  - { if: "type == 'fix' && scop == 'x'", priority: high }\n`,
    'pipelines/own.yaml': `name: own
steps:
  - { uses: backup, with: { components: [doc] } }
  - { uses: copy, if: "changes.touches('pakage')" }
  - { uses: verify, with: { suites: [cor] }, if: "run.full == 'x'" }
`,
    'pipelines/other.yaml':
      'name: other\nsteps: [{ uses: detect, if: "run.ful" }, { uses: tag, if: "enviroment.X" }]\n',
    '.git/lockstep/registry.json': JSON.stringify(
      { targets: [target('a', { pipeline: 'ownn' }), target('b', { type: 'sorce' })] },
      undefined,
      2,
    ),
  });
  const { exit, lines } = said(main);
  expect(exit).toBe(2);
  const places = lines.flatMap((line) => /^(?:.*\/)?([\w.]+(?:\.yaml|\.json):\d+:\d+: .*)$/.exec(line)?.[1] ?? []);
  expect(places).toEqual([
    expect.stringMatching(/^sync\.config\.yaml:10:\d+: unknown key `sorce`; did you mean `source`\?$/),
    expect.stringMatching(/^sync\.config\.yaml:11:\d+: `target` has no `pakage_dir`; did you mean `package_dir`\?$/),
    expect.stringMatching(/^sync\.config\.yaml:27:\d+: there is no component named `doc`; did you mean `docs`\?$/),
    expect.stringMatching(/^sync\.config\.yaml:30:\d+: there is no variable `scop`; did you mean `scope`\?$/),
    expect.stringMatching(/^registry\.json:10:19: target a: there is no pipeline named ownn; did you mean `own`\?/),
    expect.stringMatching(
      /^registry\.json:15:15: target b: there is no integration type named sorce; did you mean source\? the types are: /,
    ),
    'other.yaml:2:34: `run` has no `ful`; did you mean `full`?',
    'other.yaml:2:60: there is no variable `enviroment`; did you mean `env`?',
    'own.yaml:3:42: there is no component named `doc`; did you mean `docs`?',
    'own.yaml:4:40: there is no component named `pakage`; did you mean `package`?',
    'own.yaml:5:38: there is no suite named `cor`; did you mean `core`?',
    'own.yaml:5:51: bool and string do not go together with `==`',
  ]);
  const carets = lines.filter((line) => /^ +\| +\^+$/.test(line));
  expect(carets.length).toBe(places.length);
});

it('a run stops at the same mistakes before it touches anything', () => {
  const dir = temporary('validate');
  const main = sampleMain(join(dir, 'main'));
  put(dir, { 'a/own.txt': 'mine' });
  put(main, {
    'pipelines/own.yaml': 'name: own\nsteps: [{ uses: backup }, { uses: copy, with: { components: [doc] } }]\n',
    '.git/lockstep/registry.json': JSON.stringify({ targets: [target('a', { pipeline: 'own' })] }),
  });
  const { exit, out, err } = lockstep(main, 'sync', 'run', '--target', 'a', '--dry-run');
  expect(exit).toBe(2);
  expect(out + err).toContain('pipelines/own.yaml:2:62: there is no component named `doc`; did you mean `docs`?');
});

it('names a pipeline that a newer Lockstep wrote once, where its version stands, and what to do', () => {
  const main = sampleMain(join(temporary('validate'), 'main'));
  put(main, { 'pipelines/own.yaml': 'name: own\nversion: 9\nsteps: [{ uses: detect }]\n' });
  const { exit, lines } = said(main);
  expect(exit).toBe(2);
  expect(lines.filter((line) => line.includes('own.yaml'))).toEqual([
    expect.stringMatching(
      /pipelines\/own\.yaml:2:10: version 9; this lockstep knows versions up to 1: update lockstep$/,
    ),
  ]);
  expect(lines.join('\n').match(/own\.yaml/g)).toHaveLength(1);
});

it('warns of what the commit does not hold, with the place and the nearest name, and of what is not committed', () => {
  const main = sampleMain(join(temporary('validate'), 'main'));
  put(main, {
    'sync.config.yaml': text(main, 'sync.config.yaml')
      .replace('package: src/opencode', 'package: src/opncode')
      .replace('from: docs,', 'from: doc,')
      .replace('MISSION.md]', 'MISION.md]')
      .replace('from: config/opencode.toml', 'from: config/new.toml'),
    'config/new.toml': 'a = 1\n',
  });
  const { exit, lines } = said(main);
  expect(exit).toBe(0);
  expect(lines.filter((line) => /^!/.test(line))).toEqual([
    expect.stringMatching(
      /^! sync\.config\.yaml:6:\d+: `src\/opncode` is not in main at \w+; did you mean `src\/opencode`\?$/,
    ),
    expect.stringMatching(/^! sync\.config\.yaml:9:\d+: `doc` is not in main at \w+; did you mean `docs`\?$/),
    expect.stringMatching(
      /^! sync\.config\.yaml:10:\d+: `MISION\.md` is not in main at \w+; did you mean `MISSION\.md`\?$/,
    ),
    expect.stringMatching(
      /^! sync\.config\.yaml:\d+:\d+: `config\/new\.toml` is not committed, so it is not synced yet$/,
    ),
  ]);
});
