import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { checkKinds } from '../../src/checks/index.ts';
import { namesIn, namesOf } from '../../src/config/known-names.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { namesHeldBy } from '../../src/domain/named-option.ts';
import { builtInPipelines } from '../../src/pipeline/built-in.ts';
import { checkStep } from '../../src/pipeline/check-step.ts';
import type { Complaints } from '../../src/pipeline/complaints.ts';
import { checkPipelines, listPipelines, loadPipeline } from '../../src/pipeline/load.ts';
import { stepKinds } from '../../src/steps/index.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => undefined);

const load = (name: string, written: Readonly<Record<string, string>> = {}) => {
  const root = temporary('pipelines');
  put(root, written);
  return loadPipeline({ files, root, name });
};

const refusal = (text: string): string => {
  try {
    load('own', { 'pipelines/own.yaml': text });
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    expect(['pipeline-invalid', 'format-newer']).toContain(error.code);
    return [error.message, ...error.details].join('\n');
  }
  throw new Error('nothing was refused');
};

describe('built-in pipelines', () => {
  it.each(Object.keys(builtInPipelines))('%s is the file of its name, and loads', (name) => {
    const file = fileURLToPath(new URL(`../../pipelines/${name}.yaml`, import.meta.url));
    expect(builtInPipelines[name]).toBe(readFileSync(file, 'utf8'));
    const pipeline = load(name);
    expect(pipeline.file).toBe('built in');
    expect(pipeline.steps.map(({ id, uses }) => `${id}:${uses}`)).toEqual([
      'detect:detect',
      'backup:backup',
      'reinstall:reinstall',
      'docs:copy',
      'config:merge-config',
      'verify:verify',
      'tag:tag',
    ]);
    expect(pipeline.onFailure.map(({ uses }) => uses)).toEqual(['diagnose', 'rollback', 'verify']);
    expect(pipeline.steps[2]).toMatchObject({ timeout: 300_000, retry: { max: 2, backoff: 5000 } });
    expect(pipeline.steps[2]?.if?.source).toBe("changes.touches('package')");
  });
});

it('takes the file of the project before the built-in pipeline', () => {
  const own = load('source', {
    'pipelines/source.yaml': 'version: 1\nname: source\ndescription: ours\nsteps: [{ uses: detect }]\n',
  });
  expect(own).toEqual({
    name: 'source',
    file: 'pipelines/source.yaml',
    steps: [
      {
        id: 'detect',
        uses: 'detect',
        with: {},
        env: {},
        continueOnError: false,
        origin: { file: 'pipelines/source.yaml', line: 4 },
      },
    ],
    onFailure: [
      {
        id: 'rollback',
        uses: 'rollback',
        with: {},
        env: {},
        continueOnError: false,
        origin: { file: 'default', line: 0 },
      },
    ],
    always: [],
  });
});

it('lists the pipelines of the project and the built-in ones', () => {
  const root = temporary('pipelines');
  expect(listPipelines({ files, root })).toEqual(['site-packages', 'source']);
  put(root, {
    'pipelines/own.yaml': '',
    'pipelines/notes.txt': '',
    'pipelines/a b.yaml': '',
    'pipelines/source.yaml': '',
  });
  expect(listPipelines({ files, root })).toEqual(['own', 'site-packages', 'source']);
});

it('says which pipelines there are when one is not', () => {
  expect(() => load('sit-packages')).toThrowError(
    'there is no pipeline named sit-packages; did you mean `site-packages`?',
  );
  expect(() => load('x'.repeat(9000))).toThrowError('there is no pipeline named xxx');
  expect(() => load('__proto__')).toThrowError('there is no pipeline named __proto__');
});

it('reads no file outside of the folder', () => {
  const written = { 'secret.yaml': 'steps: [{ uses: detect }]' };
  expect(() => load('../secret', written)).toThrowError('there is no pipeline named ../secret');
});

it('does not fall back to the built-in pipeline for a link that leads nowhere', () => {
  const root = temporary('pipelines');
  put(root, { 'pipelines/own.yaml': '' });
  symlinkSync(join(root, 'nowhere'), join(root, 'pipelines/source.yaml'));
  expect(() => loadPipeline({ files, root, name: 'source' })).toThrowError('pipelines/source.yaml');
});

it('tells every problem with its place, its line and a caret', () => {
  const text = refusal(
    [
      'name: own',
      'steps:',
      '  - { uses: detct }',
      '  - { uses: backup }',
      '  - { uses: copy, wiht: {} }',
      '  - { uses: reinstall, if: "changes.touches(pakage)", timeout: 5 minutes }',
      '',
    ].join('\n'),
  );
  expect(text).toContain('4 problems');
  expect(text).toContain('pipelines/own.yaml:3:13: there is no step kind named `detct`; did you mean `detect`?');
  expect(text).toContain('3 |   - { uses: detct }\n    |             ^^^^^');
  expect(text).toContain('pipelines/own.yaml:5:19: unknown key `wiht`; did you mean `with`?');
  expect(text).toContain('pipelines/own.yaml:6:45: there is no variable `pakage`');
  expect(text).toContain('pipelines/own.yaml:6:64: `timeout`: "5 minutes" is no duration');
});

const after = (step: string): string => `steps:\n  - { uses: backup }\n  - ${step}\n`;

it.each([
  ['a list as the file', '- a\n', 'must be a map'],
  ['an empty file', '', 'must be a map'],
  ['broken YAML', 'steps: [', 'own.yaml:1'],
  ['a key given twice', 'name: own\nname: own\nsteps: [{ uses: detect }]\n', 'duplicate key `name`'],
  ['no name', 'steps: [{ uses: detect }]\n', 'write name: own'],
  ['a newer version', 'version: 2\nname: own\nsteps: [{ uses: detect }]\n', 'this lockstep knows versions up to 1'],
  ['no steps', 'name: own\n', '`steps` is missing'],
  ['empty steps', 'steps: []\n', '`steps` is empty'],
  ['steps that are no list', 'steps: detect\n', 'must be a list of steps'],
  ['a step that is no map', 'steps: [detect]\n', 'a step must be a map'],
  ['a step without a kind', 'steps: [{ id: x }]\n', 'says not what it `uses`'],
  ['another name', 'name: other\nsteps: [{ uses: detect }]\n', 'the file is named `own`'],
  ['a patch of nothing', 'steps: [{ before: verify, uses: detect }]\n', 'say which with `extends`'],
  ['two equal ids', 'steps: [{ uses: detect }, { uses: detect }]\n', 'two steps with the id `detect`'],
  ['an id that is no word', after('{ uses: tag, id: "a b" }'), '`id` must be a letter'],
  ['a change without a backup', 'steps: [{ uses: copy }, { uses: backup }]\n', 'no `backup` stands before it'],
  [
    'a backup that may be skipped',
    'steps: [{ uses: backup, if: run.full }, { uses: copy }]\n',
    '`backup` takes no `if`',
  ],
  ['a backup that may fail', 'steps: [{ uses: backup, continue_on_error: true }]\n', 'must not fail unnoticed'],
  ['a change that may fail', after('{ uses: copy, continue_on_error: true }'), 'must not fail unnoticed'],
  ['a rollback amid the steps', after('{ uses: rollback }'), 'belongs under `on_failure`'],
  [
    'a change after a failure',
    `${after('{ uses: copy }')}on_failure: [{ uses: copy }]\n`,
    'refused under `on_failure`',
  ],
  [
    'a condition on the rollback',
    'steps: [{ uses: detect }]\non_failure: [{ uses: rollback, if: run.full }]\n',
    '`rollback` takes no `if`',
  ],
  [
    'an unknown option',
    after('{ uses: verify, with: { suits: [core] } }'),
    'unknown key `suits`; did you mean `suites`?',
  ],
  [
    'an option of the wrong type',
    after('{ uses: copy, with: { components: docs } }'),
    'copy: must be a list, not `docs`',
  ],
  [
    'an option that is no choice',
    after('{ uses: reinstall, with: { on_conflict: kep } }'),
    'reinstall: must be keep, replace or fail, not `kep`',
  ],
  ['a broken template', after('{ uses: tag, with: { version: "${{ targt.x }}" } }'), 'did you mean `target`?'],
  ['with that is no map', after('{ uses: tag, with: [a] }'), '`with` must be a map'],
  ['a condition that is no text', after('{ uses: tag, if: true }'), '`if` must be an expression'],
  ['a number as timeout', after('{ uses: tag, timeout: 5 }'), 'such as 5m'],
  ['a timeout of nothing', after('{ uses: tag, timeout: 0s }'), 'before it starts'],
  ['a timeout that overflows the timer', after('{ uses: tag, timeout: 25d }'), 'longer than 24d'],
  ['too many retries', after('{ uses: tag, retry: { max: 1000 } }'), 'from 0 to 10'],
  ['retry without max', after('{ uses: tag, retry: { backoff: 1s } }'), '`retry.max`'],
  ['continue_on_error as text', after('{ uses: tag, continue_on_error: "no" }'), 'true or false'],
])('%s is refused', (_what, text, message) => {
  expect(refusal(text)).toContain(message);
});

it('points at a fault inside a template', () => {
  expect(refusal('steps:\n  - uses: tag\n    with: { version: "v${{ targt.x }}" }\n')).toContain('own.yaml:3:28: ');
});

describe('names of the project', () => {
  const known = namesOf({
    components: ['docs', 'plans'].map((name) => ({ name, sources: [], onConflict: 'keep' })),
    categories: [{ name: 'provider', paths: [], priority: 'high' }],
    suites: { smoke: [] },
    types: {},
    package: { name: 'a', import: 'a', path: null, from: 'index', index: null, network: false, builder: null },
  });
  const problems = (...steps: readonly string[]): readonly string[] => {
    const root = temporary('pipelines');
    put(root, { 'pipelines/own.yaml': `name: own\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}` });
    return checkPipelines({ files, root, known }).map(({ line, column, message }) => `${line}:${column}: ${message}`);
  };

  it('are found in options, with the one that was meant', () => {
    expect(
      problems(
        '{ uses: backup, with: { components: [package, config, doc] } }',
        '{ uses: copy, with: { components: [docs, plan] } }',
        '{ id: again, uses: copy, with: { components: [package] } }',
        '{ uses: verify, with: { suites: [cor, smoke, features, smok] } }',
      ),
    ).toEqual([
      '3:59: there is no component named `doc`; did you mean `docs`?',
      '4:46: there is no component named `plan`; did you mean `plans`?',
      '5:51: `package` is not copied file by file: `reinstall` brings it',
      '6:38: there is no suite named `cor`; did you mean `core`?',
      '6:60: there is no suite named `smok`; did you mean `smoke`?',
    ]);
  });

  it('are found in conditions', () => {
    expect(
      problems(
        '{ uses: backup }',
        `{ uses: copy, if: "changes.touches('doc') || changes.has('provide')" }`,
        `{ id: again, uses: copy, if: "changes.tuches('docs')" }`,
      ),
    ).toEqual([
      '4:40: there is no component named `doc`; did you mean `docs`?',
      '4:62: there is no category named `provide`; did you mean `provider`?',
      '5:43: there is no `changes.tuches(string)`; did you mean `touches`?',
    ]);
  });

  it('are found in texts, of defaults too', () => {
    expect(
      problems(
        '{ uses: backup }',
        `{ run: [echo, "\${{ changes.count }}", "\${{ changes.touches('doc') }}"], env: { A: "\${{ changes.cont }}" } }`,
        `{ id: again, run: [echo, "\${{ target.type == 'sorce' }}"] }`,
      ),
    ).toEqual([
      expect.stringContaining('there is no component named `doc`; did you mean `docs`?'),
      expect.stringContaining('`changes` has no `cont`; did you mean `count`?'),
      expect.stringContaining('there is no integration type `sorce`; did you mean `source`?'),
    ]);
  });

  it('stop a pipeline before anything runs, the built-in ones excepted', () => {
    const root = temporary('pipelines');
    put(root, { 'pipelines/own.yaml': 'name: own\nsteps: [{ uses: verify, with: { suites: [cor] } }]\n' });
    expect(() => loadPipeline({ files, root, known, name: 'own' })).toThrowError('1 problem in pipelines/own.yaml');
    for (const name of Object.keys(builtInPipelines)) {
      expect(loadPipeline({ files, root, known, name }).steps.length).toBeGreaterThan(0);
    }
  });

  it('are marked on every option of that name, so that a new kind cannot leave them unchecked', () => {
    for (const kind of [...stepKinds, ...checkKinds]) {
      const { properties = {} } = kind.with as { readonly properties?: Readonly<Record<string, unknown>> };
      for (const option of ['components', 'suites'])
        if (option in properties) expect(namesHeldBy(properties[option]), `${kind.name}: ${option}`).toBeDefined();
    }
  });
});

const condition = (source: string): string => `  - { uses: detect, if: ${JSON.stringify(source)} }\n`;

it.each([
  ['custom tags', '  - !!python/object/apply:os.system [ls]\n', 'tags have no meaning here'],
  ['an alias inside its own anchor', '  - &a [*a]\n', 'inside its own anchor'],
  ['a key given twice', '  - { uses: detect, uses: detect }\n', 'duplicate key `uses`'],
  ['nested comprehensions', condition('[1].all(a, [1].all(b, [1].all(c, true)))'), 'the work multiplies'],
  ['a catastrophic pattern', condition("target.name.matches('(a+)+$')"), '`matches` is refused'],
  ['an expression of a hundred kilobytes', condition(`1 == ${'1 + '.repeat(25_000)}1`), 'longer than 2000'],
  ['an expression nested without end', condition(`${'('.repeat(900)}true${')'.repeat(900)}`), 'nested deeper than'],
  [
    'half a megabyte of one text',
    `  - { uses: detect, id: "${'x'.repeat(500_000)}", wiht: x }\n`,
    'did you mean `with`',
  ],
])('refuses %s at its place', (_what, steps, message) => {
  const started = process.cpuUsage();
  const said = refusal(`name: own\nsteps:\n${steps}`);
  const { user, system } = process.cpuUsage(started);
  expect(said).toMatch(/own\.yaml:3:\d+: /);
  expect(said).toContain(message);
  expect((user + system) / 1e6).toBeLessThan(1);
});

it.each([
  ['thousands of steps', Array.from({ length: 1500 }, (_, i) => `  - { id: s${i}, uses: detct }\n`).join('')],
  [
    'thousands of unknown names',
    `  - { uses: verify, with: { suites: [${Array.from({ length: 9000 }, (_, i) => `cor${i}`)}] } }\n`,
  ],
  ['thousands of templates', `  - { uses: tag, with: { version: "${'${{ targt.name }} '.repeat(9000)}" } }\n`],
])('ends at once on %s', (_what, steps) => {
  const root = temporary('pipelines');
  put(root, { 'pipelines/own.yaml': `name: own\nsteps:\n${steps}` });
  const known = namesIn({ components: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`c${i}`, {}])) });
  const started = process.cpuUsage();
  const found = checkPipelines({ files, root, known });
  const { user, system } = process.cpuUsage(started);
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(200);
  expect((user + system) / 1e6).toBeLessThan(2);
});

it('looks at no more steps than people write', () => {
  const step = (index: number): string => `  - { id: s${index}, uses: ${index < 200 ? 'detect' : 'detct'} }\n`;
  const root = temporary('pipelines');
  put(root, { 'pipelines/own.yaml': `name: own\nsteps:\n${Array.from({ length: 900 }, (_, i) => step(i)).join('')}` });
  expect(checkPipelines({ files, root }).map(({ line, message }) => `${line}: ${message}`)).toEqual([
    '203: more than 200 steps',
  ]);
});

it('checks all files of the project for validate and never throws for what is in them', () => {
  const root = temporary('pipelines');
  expect(checkPipelines({ files, root })).toEqual([]);
  put(root, {
    'pipelines/good.yaml': 'name: good\nsteps: [{ uses: detect }]',
    'pipelines/bad.yaml': 'name: bad\nsteps: [{ uses: nothing-known }]',
    'pipelines/large.yaml': '#'.repeat(2 << 20),
    'pipelines/a b.yaml': 'steps: []',
  });
  expect(checkPipelines({ files, root }).map(({ file }) => file)).toEqual([
    'pipelines/a b.yaml',
    'pipelines/bad.yaml',
    'pipelines/large.yaml',
  ]);
});

it.each([true, false])('lets a kind be retried only when it may run twice (%s)', (idempotent) => {
  const kinds = stepKinds.filter(({ name }) => name === 'copy').map((kind) => ({ ...kind, idempotent }));
  const file = parseYaml('steps: [{ uses: copy, retry: { max: 1 } }]', 'own.yaml');
  const to: Complaints = { file, problems: [] };
  checkStep(to, ['steps', 0], { value: { uses: 'copy', retry: { max: 1 } }, kinds });
  expect(to.problems.map(({ message }) => message.slice(0, 22))).toEqual(idempotent ? [] : ['copy cannot be retried']);
});
