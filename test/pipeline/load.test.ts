import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { builtInPipelines } from '../../src/pipeline/built-in.ts';
import { type Complaints, checkStep } from '../../src/pipeline/check-step.ts';
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
    steps: [{ id: 'detect', uses: 'detect', with: {}, continueOnError: false }],
    onFailure: [{ id: 'rollback', uses: 'rollback', with: {}, continueOnError: false }],
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
  ['extends', 'extends: source\nsteps: [{ uses: detect }]\n', 'unknown key `extends`'],
  ['patches', 'steps: [{ before: verify, uses: detect }]\n', 'unknown key `before`'],
  ['run', 'steps: [{ uses: detect, run: [ls] }]\n', 'unknown key `run`'],
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
    'a condition after a failure',
    'steps: [{ uses: detect }]\non_failure: [{ uses: diagnose, if: run.full }]\n',
    'take no `if`',
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
