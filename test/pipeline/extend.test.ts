import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { renderProblem } from '../../src/config/problem.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { builtInPipelines } from '../../src/pipeline/built-in.ts';
import { checkPipelines, loadPipeline } from '../../src/pipeline/load.ts';
import { plainPipeline } from '../../src/pipeline/pipeline.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => undefined);
type Texts = Readonly<Record<string, string>>;

const rootWith = (written: Texts): string => {
  const root = temporary('extend');
  put(
    root,
    Object.fromEntries(
      Object.entries(written).map(([path, text]) => [path.includes('/') ? path : `pipelines/${path}.yaml`, text]),
    ),
  );
  return root;
};
const load = (written: Texts, name = 'own') => loadPipeline({ files, root: rootWith(written), name });
const idsOf = (written: Texts, name = 'own') => load(written, name).steps.map(({ id }) => id);

/** `file:line:column: message` of every problem. */
const problemsOf = (written: Texts, name = 'own'): readonly string[] => {
  try {
    load(written, name);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return error.details.filter((line) => /^\S+:\d+:\d+: /.test(line));
  }
  return [];
};

const base = `name: base
steps:
  - { id: first, uses: detect }
  - { id: save, uses: backup }
  - { id: docs, uses: copy }
  - { id: last, uses: verify }
`;
const own = (...steps: readonly string[]): string =>
  `name: own\nextends: base\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;

describe('extends', () => {
  it('takes over all that the file does not say itself', () => {
    const loaded = load({ base, own: 'name: own\nextends: base\n' });
    expect(loaded.steps).toEqual(load({ base }, 'base').steps);
    expect(loaded).toMatchObject({ name: 'own', file: 'pipelines/own.yaml', always: [] });
    expect(loaded.steps[1]?.origin).toEqual({ file: 'pipelines/base.yaml', line: 4 });
  });

  it('takes a built-in pipeline by name, also from the file that stands in its place', () => {
    const source = 'name: source\nextends: source\nsteps: [{ remove: tag }]\n';
    const loaded = load({ source }, 'source');
    expect(loaded.steps.map(({ id }) => id)).not.toContain('tag');
    expect(loaded.steps[0]?.origin.file).toBe('built-in/source.yaml');
    expect(loaded.onFailure.map(({ uses }) => uses)).toEqual(['diagnose', 'rollback', 'verify']);
  });

  it('takes a path relative to the file, over several levels', () => {
    expect(
      idsOf({
        'shared/deep.yaml': 'name: deep\nextends: ../pipelines/base.yaml\nsteps: [{ remove: first }]\n',
        'shared/mid.yaml': 'name: mid\nextends: ./deep.yaml\nsteps: [{ uses: tag }]\n',
        base,
        own: 'name: own\nextends: ../shared/mid.yaml\nsteps: [{ before: tag, id: look, uses: detect }]\n',
      }),
    ).toEqual(['save', 'docs', 'last', 'look', 'tag']);
  });

  it.each<[string, Texts, string]>([
    [
      'a name that is not there',
      { base, own: 'name: own\nextends: bse\n' },
      'pipelines/own.yaml:2:10: there is no pipeline named bse; did you mean `base`?',
    ],
    [
      'no text',
      { own: 'name: own\nextends: [source]\n' },
      'pipelines/own.yaml:2:10: `extends` must be the name of a pipeline, or a path that begins with ./',
    ],
    [
      'a path without its dot',
      { base, own: 'name: own\nextends: pipelines/base.yaml\n' },
      'pipelines/own.yaml:2:10: a path begins with ./ or ../, and a name has no ending',
    ],
    [
      'a file that is not there',
      { own: 'name: own\nextends: ./gone.yaml\n' },
      'pipelines/own.yaml:2:10: there is no file ./gone.yaml beside pipelines/own.yaml',
    ],
    ['a folder', { own: 'name: own\nextends: ../pipelines\n' }, 'pipelines/own.yaml:2:10: ../pipelines is no file'],
    [
      'itself',
      { own: 'name: own\nextends: ./own.yaml\n' },
      'pipelines/own.yaml:2:10: `extends` goes in a circle: pipelines/own.yaml → pipelines/own.yaml',
    ],
    [
      'a circle',
      { a: 'name: a\nextends: b\n', b: 'name: b\nextends: ./own.yaml\n', own: 'name: own\nextends: a\n' },
      'pipelines/b.yaml:2:10: `extends` goes in a circle: pipelines/own.yaml → pipelines/a.yaml → pipelines/b.yaml → pipelines/own.yaml',
    ],
    [
      'a circle below it',
      { a: 'name: a\nextends: b\n', b: 'name: b\nextends: a\n', own: 'name: own\nextends: a\n' },
      'pipelines/b.yaml:2:10: `extends` goes in a circle: pipelines/a.yaml → pipelines/b.yaml → pipelines/a.yaml',
    ],
    [
      'no map',
      { 'x/list.yaml': '- a\n', own: 'name: own\nextends: ../x/list.yaml\n' },
      'x/list.yaml:1:1: a pipeline must be a map with `name` and `steps`',
    ],
    [
      'broken YAML',
      { base: 'name: base\nsteps: [', own: own('{ remove: anything }') },
      'pipelines/base.yaml:2:9: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('refuses %s, and says nothing of what it could not see', (_what, written, message) => {
    expect(problemsOf(written)).toEqual([message]);
  });

  it('reads nothing outside of the main project, by no path and no link', () => {
    const outside = temporary('outside');
    put(outside, { 'evil.yaml': base });
    const root = rootWith({ own: `name: own\nextends: ../../${outside.split('/').at(-1)}/evil.yaml\n` });
    expect(() => loadPipeline({ files, root, name: 'own' })).toThrowError(
      expect.objectContaining({
        details: expect.arrayContaining([expect.stringContaining('outside the main project')]),
      }),
    );
    symlinkSync(join(outside, 'evil.yaml'), join(root, 'pipelines/link.yaml'));
    put(root, { 'pipelines/own.yaml': 'name: own\nextends: ./link.yaml\n' });
    expect(() => loadPipeline({ files, root, name: 'own' })).toThrowError(
      expect.objectContaining({
        details: expect.arrayContaining([expect.stringContaining('outside the main project')]),
      }),
    );
  });

  it('finds a circle through a link, which is another name of the same file', () => {
    const root = rootWith({ own: 'name: own\nextends: ./link.yaml\n' });
    symlinkSync(join(root, 'pipelines/own.yaml'), join(root, 'pipelines/link.yaml'));
    expect(() => loadPipeline({ files, root, name: 'own' })).toThrowError(
      expect.objectContaining({ details: expect.arrayContaining([expect.stringContaining('goes in a circle')]) }),
    );
  });

  it('goes no deeper than people do', () => {
    const levels = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`l${i}`, `name: l${i}\nextends: l${i + 1}\n`]),
    );
    expect(problemsOf({ ...levels, own: 'name: own\nextends: l0\n' })).toEqual([
      'pipelines/l8.yaml:2:10: more than 10 levels of `extends`',
    ]);
  });

  it('tells a mistake of a base where it stands, once for all that extend it', () => {
    const wrong = base.replace('uses: copy', 'uses: cpy');
    const root = rootWith({ base: wrong, own: own('{ uses: tag }'), other: 'name: other\nextends: base\n' });
    expect(checkPipelines({ files, root }).map((problem) => renderProblem(problem)[0])).toEqual([
      'pipelines/base.yaml:5:23: there is no step kind named `cpy`; did you mean `copy`?',
    ]);
  });
});

describe('patches', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['before', ['{ before: docs, uses: tag }'], ['first', 'save', 'tag', 'docs', 'last']],
    ['after', ['{ after: docs, uses: tag }'], ['first', 'save', 'docs', 'tag', 'last']],
    [
      'several behind one, in the order in which they stand',
      ['{ after: docs, id: a, uses: tag }', '{ after: docs, id: b, uses: tag }'],
      ['first', 'save', 'docs', 'a', 'b', 'last'],
    ],
    [
      'several before one',
      ['{ before: docs, id: a, uses: tag }', '{ before: docs, id: b, uses: tag }'],
      ['first', 'save', 'a', 'b', 'docs', 'last'],
    ],
    [
      'behind one that is new',
      ['{ after: docs, id: a, uses: tag }', '{ after: a, id: b, uses: tag }', '{ after: docs, id: c, uses: tag }'],
      ['first', 'save', 'docs', 'a', 'c', 'b', 'last'],
    ],
    ['replace keeps the id', ['{ replace: last, uses: tag }'], ['first', 'save', 'docs', 'last']],
    ['replace gives an id', ['{ replace: last, id: end, uses: tag }'], ['first', 'save', 'docs', 'end']],
    ['remove', ['{ remove: first }', '{ remove: last }'], ['save', 'docs']],
    ['a plain step comes last', ['{ uses: tag }'], ['first', 'save', 'docs', 'last', 'tag']],
    [
      'removed and added anew',
      ['{ remove: last }', '{ before: docs, id: last, uses: tag }'],
      ['first', 'save', 'last', 'docs'],
    ],
  ])('%s', (_what, steps, ids) => {
    expect(idsOf({ base, own: own(...steps) })).toEqual(ids);
  });

  it('replace takes over nothing but the id and the place', () => {
    const verify = 'id: last, uses: verify, with: { suites: [core] }, timeout: 1m';
    const steps = load({
      base: base.replace('id: last, uses: verify', verify),
      own: own('{ replace: last, uses: verify }'),
    }).steps;
    expect(steps[3]).toEqual({
      id: 'last',
      uses: 'verify',
      with: {},
      env: {},
      continueOnError: false,
      origin: { file: 'pipelines/own.yaml', line: 4 },
    });
  });

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'an id that is not there',
      ['{ before: dosc, uses: tag }'],
      ['4:15: there is no step `dosc`; did you mean `docs`?'],
    ],
    [
      'an id that was taken out',
      ['{ remove: last }', '{ after: last, uses: tag }'],
      ['5:14: there is no step `last`: it was removed at pipelines/own.yaml:4'],
    ],
    [
      'two places',
      ['{ before: docs, after: last, uses: tag }'],
      ['4:21: both `before` and `after`: an entry says one place'],
    ],
    ['a place that is no text', ['{ before: [docs], uses: tag }'], ['4:15: `before` must be the id of a step']],
    ['remove with a step', ['{ remove: last, uses: tag }'], ['4:21: `remove` stands alone: it takes a step out']],
    ['an entry that is none', ['docs'], ['4:5: a step must be a map, such as { id: docs, uses: copy }']],
    [
      'a wrong step in the right place',
      ['{ before: docs, uses: copyy }'],
      ['4:27: there is no step kind named `copyy`; did you mean `copy`?'],
    ],
    [
      'an id that there is already',
      ['{ uses: copy, id: save }'],
      ['4:23: there are two steps with the id `save`: give this one an `id` of its own'],
    ],
    [
      'every mistake at once',
      ['{ before: x, uses: cop }', '{ remove: y }'],
      [
        '4:15: there is no step `x`; known here: first, save, docs, last',
        '4:24: there is no step kind named `cop`; did you mean `copy`?',
        '5:15: there is no step `y`; known here: first, save, docs, last, cop',
      ],
    ],
    [
      'no step left',
      ['{ remove: first }', '{ remove: save }', '{ remove: docs }', '{ remove: last }'],
      ['3:1: no step is left'],
    ],
  ])('%s is refused', (_what, steps, messages) => {
    expect(problemsOf({ base, own: own(...steps) }).map((line) => line.replace('pipelines/own.yaml:', ''))).toEqual(
      messages,
    );
  });

  it('that take the backup away are refused where the target would be changed, and say who took it', () => {
    expect(problemsOf({ base, own: own('{ remove: save }') })).toEqual([
      'pipelines/base.yaml:5:23: `docs` changes the target and no `backup` stands before it (it was removed at pipelines/own.yaml:4)',
    ]);
    expect(problemsOf({ base, own: own('{ before: save, id: early, run: [link], writes: ["a/**"] }') })).toEqual([
      'pipelines/own.yaml:4:32: `early` changes the target and no `backup` stands before it',
    ]);
    expect(problemsOf({ base, own: own('{ before: save, id: early, run: [look] }') })).toEqual([]);
  });

  it('repair a base that is wrong by itself', () => {
    const bare = base.replace('  - { id: save, uses: backup }\n', '');
    expect(problemsOf({ base: bare }, 'base')).toHaveLength(1);
    expect(problemsOf({ base: bare, own: own('{ before: docs, uses: backup }') })).toEqual([]);
  });

  it('make no pipeline that is longer than people write', () => {
    const many = (prefix: string) => Array.from({ length: 150 }, (_, i) => `{ id: ${prefix}${i}, uses: detect }`);
    const problems = problemsOf({ base: `name: base\nsteps: [${many('a').join(', ')}]\n`, own: own(...many('b')) });
    expect(problems).toEqual(['pipelines/own.yaml:3:1: more than 200 steps, with those that are extended']);
  });
});

describe('what the extending file says itself', () => {
  const whole = `${base}on_failure: [{ uses: diagnose }, { uses: rollback }]\nalways: [{ id: tell, run: [tell] }]\n`;

  it('takes the place of on_failure and always, each as a whole', () => {
    const taken = load({ base: whole, own: 'name: own\nextends: base\nalways: [{ id: mail, run: [mail] }]\n' });
    expect(taken.onFailure.map(({ id }) => id)).toEqual(['diagnose', 'rollback']);
    expect(taken.always.map(({ id }) => id)).toEqual(['mail']);
    const other = load({ base: whole, own: 'name: own\nextends: base\non_failure: [{ uses: rollback }]\n' });
    expect(other.onFailure.map(({ id }) => id)).toEqual(['rollback']);
    expect(other.always.map(({ id }) => id)).toEqual(['tell']);
  });

  it('takes the place of defaults key by key, and of variables name by name', () => {
    const loaded = load({
      base: `${base}  - { id: link, run: [link], env: { B: step } }\ndefaults: { timeout: 5m, env: { A: base, B: base, C: base } }\n`,
      own: 'name: own\nextends: base\ndefaults: { retry: { max: 2 }, env: { C: own } }\n',
    });
    expect(loaded.steps.at(-1)).toMatchObject({ timeout: 300_000, env: { A: 'base', B: 'step', C: 'own' } });
    expect(loaded.steps[0]).toMatchObject({ timeout: 300_000, retry: { max: 2, backoff: 0 }, env: {} });
    expect(loaded.steps.at(-1)).not.toHaveProperty('retry');
  });
});

it('is the same pipeline however it is written', () => {
  const spread = {
    base,
    own: own('{ remove: first }', '{ after: save, id: tell, run: [tell] }'),
  };
  const written = `name: own
steps:
  - { id: save, uses: backup }
  - id: tell
    run:
      - tell
  - { id: docs, uses: copy }
  - { id: last, uses: verify }
`;
  expect(plainPipeline(load(spread))).toEqual(plainPipeline(load({ own: written })));
  expect(
    JSON.stringify(plainPipeline(load({ own: builtInPipelines.source?.replace('name: source', 'name: own') ?? '' }))),
  ).toContain('"if":"changes.touches(\'package\')"');
});
