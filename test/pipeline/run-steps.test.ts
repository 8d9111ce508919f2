import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { loadPipeline } from '../../src/pipeline/load.ts';
import type { PipelineStep } from '../../src/pipeline/pipeline.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => undefined);

const load = (text: string) => {
  const root = temporary('run-steps');
  put(root, { 'pipelines/own.yaml': `name: own\n${text}` });
  return loadPipeline({ files, root, name: 'own' });
};
/** `line:column: message` of every problem. */
const problems = (text: string): readonly string[] => {
  try {
    load(text);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return error.details.flatMap((line) => /^pipelines\/own\.yaml:(\d+:\d+: .*)$/.exec(line)?.[1] ?? []);
  }
  return [];
};
const stepsOf = (...steps: readonly string[]): string =>
  `steps:\n  - { uses: backup }\n${steps.map((step) => `  - ${step}\n`).join('')}`;
const step = (text: string): PipelineStep | undefined => load(stepsOf(text)).steps[1];

describe('a run step', () => {
  it.each([
    ['{ run: [ls, -l] }', { id: 'run', uses: 'run', with: { argv: ['ls', '-l'] } }],
    [
      '{ id: nodes, run: ["${{ target.python }}", a.py], writes: ["n/**"], outputs: json, idempotent: true, retry: { max: 1 } }',
      {
        id: 'nodes',
        with: { argv: ['${{ target.python }}', 'a.py'], writes: ['n/**'], outputs: 'json', idempotent: true },
        retry: { max: 1, backoff: 0 },
      },
    ],
    [
      '{ run: "a | b", shell: true, env: { A: "${{ run.id }}" } }',
      { with: { script: 'a | b' }, env: { A: '${{ run.id }}' } },
    ],
    [
      '{ run: [a], shell: false, idempotent: false, continue_on_error: true }',
      { with: { argv: ['a'] }, continueOnError: true },
    ],
  ])('%s is read', (text, expected) => {
    expect(step(text)).toMatchObject(expected);
  });

  it.each([
    ['{ run: [] }', '4:12: `run` is empty: write the program and its arguments'],
    ['{ run: ls -l }', '4:12: `run` must be a list, the program first; a text is for a shell and needs `shell: true`'],
    ['{ run: { a: b } }', '4:12: `run` must be a list, the program first: [python3, scripts/link.py]'],
    ['{ run: ["", a] }', '4:13: the program has no name'],
    ['{ run: [a, 1] }', '4:16: an argument must be text: put it in quotes'],
    ['{ run: [a, "b\\0c"] }', '4:16: no program can be given a NUL character'],
    ['{ run: [a, "${{ targt.name }}"] }', '4:21: there is no variable `targt`; did you mean `target`?'],
    [
      '{ run: "echo ${{ target.name }}", shell: true }',
      '4:12: a shell would read a value put in here as commands: give it by `env` and write "$NAME"',
    ],
    ['{ run: " ", shell: true }', '4:12: `run` is empty: write what the shell is to do'],
    ['{ run: [a], shell: true }', '4:24: `shell` is for a text: a list of arguments needs none'],
    ['{ run: [a], shell: "yes" }', '4:24: `shell` must be true or false'],
    ['{ run: [a], with: {} }', '4:17: `with` belongs to `uses`: what a `run` takes stands beside it'],
    ['{ run: [a], uses: copy }', '4:17: a step either `uses` a kind or is a `run`'],
    ['{ uses: run, with: { argv: [a] } }', '4:13: write `run: [program, argument]` itself, without `uses`'],
    ['{ uses: detect, writes: [a] }', '4:21: `writes` belongs to a `run`'],
    [
      '{ run: [a], writes: a }',
      '4:25: `writes` must be a list of globs relative to the target\'s folder, such as ["models/**"]',
    ],
    ['{ run: [a], writes: [1] }', '4:26: a glob must be text'],
    ['{ run: [a], writes: ["/etc/**"] }', "4:26: a glob is relative to the target's folder"],
    ['{ run: [a], writes: ["C:/x"] }', "4:26: a glob is relative to the target's folder"],
    ['{ run: [a], writes: ["a/../../b"] }', "4:26: `..` leads out of the target's folder"],
    ['{ run: [a], writes: ["a\\\\b"] }', '4:26: a glob is written with forward slashes'],
    ['{ run: [a], writes: ["!a"] }', '4:26: a glob says what is written; what is not needs no word'],
    ['{ run: [a], writes: [".lockstep/**"] }', '4:26: .lockstep is where Lockstep itself writes'],
    ['{ run: [a], writes: ["${{ target.name }}/**"] }', '4:26: no `${{ }}` here: a value could hold a `*`'],
    ['{ run: [a], outputs: text }', '4:26: `outputs` must be json: the program prints one JSON object'],
    ['{ run: [a], idempotent: 1 }', '4:29: `idempotent` must be true or false'],
    [
      '{ run: [a], retry: { max: 1 } }',
      '4:24: run cannot be retried: a second attempt could do twice what the first did in part; say `idempotent: true` when it may run twice',
    ],
    [
      '{ run: [a], writes: [b], continue_on_error: true }',
      '4:49: run must not fail unnoticed: `continue_on_error` is for steps that change nothing',
    ],
    ['{ run: [a], env: [b] }', '4:22: `env` must be a map of names and texts, such as { MODE: fast }'],
    ['{ run: [a], env: { "A B": c } }', '4:24: a variable is named by letters, digits and underscores'],
    ['{ run: [a], env: { LOCKSTEP_RUN: c } }', '4:24: names that begin with LOCKSTEP_ are set by Lockstep itself'],
    ['{ run: [a], env: { A: 1 } }', '4:27: a variable must be text: put it in quotes'],
    ['{ run: [a], env: { A: "\\0" } }', '4:27: no program can be given a NUL character'],
    ['{ run: [a], env: { A: "${{ env.B" } }', '4:28: `${{` is not closed by `}}`'],
    ['{ uses: verify, env: { A: b } }', '4:21: verify starts no program of yours: `env` is for `run`'],
  ])('%s is refused at its place', (text, message) => {
    expect(problems(stepsOf(text))).toEqual([message]);
  });

  it('that writes stands behind a backup', () => {
    expect(problems('steps: [{ run: [a], writes: [b] }]\n')).toEqual([
      '2:11: `run` changes the target and no `backup` stands before it',
    ]);
    expect(problems('steps: [{ run: [a], writes: [] }]\n')).toEqual([]);
    expect(problems('steps: [{ run: [a] }]\n')).toEqual([]);
  });
});

describe('defaults', () => {
  it('are for every step that does not say it itself, as far as its kind can have it', () => {
    const { steps, onFailure, always } =
      load(`defaults: { timeout: 9m, retry: { max: 3, backoff: 1s }, continue_on_error: true, env: { A: d } }
${stepsOf('{ uses: copy, timeout: 1m }', '{ id: link, run: [a], env: { B: s } }', '{ id: twice, run: [a], idempotent: true, continue_on_error: false }', '{ uses: verify, retry: { max: 0 } }')}
on_failure: [{ uses: rollback }]
always: [{ id: tell, run: [tell] }]
`);
    const facts = [...steps, ...onFailure, ...always].map(({ id, timeout, retry, continueOnError, env }) => [
      id,
      timeout,
      retry?.max,
      continueOnError,
      env,
    ]);
    expect(facts).toEqual([
      ['backup', 540_000, 3, false, {}],
      ['copy', 60_000, 3, false, {}],
      ['link', 540_000, undefined, true, { A: 'd', B: 's' }],
      ['twice', 540_000, 3, false, { A: 'd' }],
      ['verify', 540_000, 0, true, {}],
      ['rollback', 540_000, 3, true, {}],
      ['tell', 540_000, undefined, true, { A: 'd' }],
    ]);
  });

  it.each([
    ['defaults: [a]', '2:11: `defaults` must be a map of env, timeout, retry, continue_on_error'],
    ['defaults: { timeuot: 5m }', '2:13: unknown key `timeuot`; did you mean `timeout`?'],
    ['defaults: { timeout: 5 }', '2:22: `timeout` must be a number and one of ms, s, m, h, d, such as 5m'],
    [
      'defaults: { env: { A: "${{ steps.backup.outputs.id }}" } }',
      '2:28: defaults are for every step, the first one too: they may not read `steps`',
    ],
    ['defaults: { env: { A: "${{ targt.x }}" } }', '2:28: there is no variable `targt`; did you mean `target`?'],
  ])('%s is refused', (text, message) => {
    expect(problems(`${text}\n${stepsOf()}`)).toEqual([message]);
  });
});

describe('always', () => {
  it('holds steps that change nothing', () => {
    const { always } = load(
      `${stepsOf()}always:\n  - { uses: verify, with: { suites: [core] } }\n  - { id: tell, run: [tell], if: run.full }\n`,
    );
    expect(always.map(({ id, uses }) => `${id}:${uses}`)).toEqual(['verify:verify', 'tell:run']);
    expect(load(stepsOf()).always).toEqual([]);
  });

  it.each([
    ['{ uses: copy }', '4:18: `copy` is refused under `always`: the verdict is given by then'],
    ['{ run: [a], writes: [b] }', '4:12: `run` is refused under `always`: the verdict is given by then'],
    ['{ id: again, uses: backup }', '4:29: `backup` is refused under `always`: nothing is changed any more'],
    ['{ uses: tag }', '4:18: `tag` is refused under `always`: the receipt is written by then'],
    ['{ uses: rollback }', '4:18: `rollback` is refused under `always`: it belongs under `on_failure`'],
    [
      '{ uses: detect, id: backup }',
      '4:30: there are two steps with the id `backup`: give this one an `id` of its own',
    ],
    ['tell', '4:10: a step must be a map, such as { id: docs, uses: copy }'],
  ])('%s is refused', (text, message) => {
    expect(problems(`${stepsOf()}always: [${text}]\n`)).toEqual([message]);
  });

  it('and on_failure are lists', () => {
    expect(problems(`${stepsOf()}always: tell\non_failure: {}\n`)).toEqual([
      '4:9: `always` must be a list of steps',
      '5:13: `on_failure` must be a list of steps',
    ]);
  });

  it('a run that writes is refused under on_failure, one that only tells is not', () => {
    expect(problems(`${stepsOf()}on_failure: [{ run: [a], writes: [b] }]\n`)).toEqual([
      '4:16: `run` is refused under `on_failure`: nothing new is begun there',
    ]);
    expect(problems(`${stepsOf()}on_failure: [{ run: [a] }]\n`)).toEqual([]);
  });
});

describe('what earlier steps gave', () => {
  const probe = '{ id: probe, run: [probe], outputs: json }';
  const first = (...steps: readonly string[]): string => problems(stepsOf(probe, ...steps))[0] ?? 'fine';

  it.each([
    ['{ uses: verify, if: "steps.probe.outputs.ready" }'],
    ['{ uses: verify, if: "steps.probe.outputs.count > 3 && steps.backup.outputs.id != \'\'" }'],
    ['{ uses: verify, if: "has(steps.probe.outputs.ready)" }'],
    ["{ uses: verify, if: \"steps['probe'].outputs['a b'] == 1\" }"],
    ['{ uses: verify, if: "steps.probe.outputs.list.exists(x, x == 1) && steps.probe.outputs.deep.er == \'a\'" }'],
    ['{ uses: verify, if: "\'key\' in steps.probe.outputs" }'],
    ['{ uses: tag, with: { version: "${{ steps.probe.outputs.version }}" } }'],
    ['{ run: [a, "${{ steps.probe.outputs.x }}"], writes: [b], env: { A: "${{ steps.backup.outputs.id }}" } }'],
    [
      '{ id: two-words, run: [a], outputs: json }',
      '{ uses: tag, with: { version: "${{ steps[\'two-words\'].outputs.v }}" } }',
    ],
  ])('may be read: %s', (...steps) => {
    expect(first(...steps)).toBe('fine');
  });

  it.each([
    [
      'of a step that is not there',
      '{ uses: verify, if: "steps.prob.outputs.x" }',
      '5:32: there is no earlier step `prob`; did you mean `probe`?',
    ],
    [
      'of itself',
      '{ id: me, uses: verify, if: "steps.me.outputs.x == 1" }',
      '5:40: `me` has not run by then: only earlier steps have outputs',
    ],
    [
      'without an output',
      '{ uses: verify, if: "steps.probe" }',
      '5:26: a step is no value: write steps.<id>.outputs.<key>',
    ],
    [
      'without a step',
      '{ uses: verify, if: "size(steps) > 0" }',
      '5:31: `steps` alone is no value: write steps.<id>.outputs.<key>',
    ],
    [
      'without the word outputs',
      '{ uses: verify, if: "steps.probe.ready" }',
      '5:38: a step has no `ready`: write steps.<id>.outputs.<key>',
    ],
    ['by a computed name', '{ uses: verify, if: "steps[env.X].outputs.a == 1" }', '5:32: write the name itself'],
    [
      'that is not given',
      '{ uses: verify, if: "steps.backup.outputs.idd != \'\'" }',
      '5:47: `backup` gives no `idd`; did you mean `id`?',
    ],
    [
      'as a whole',
      '{ uses: verify, if: "steps.backup.outputs == 1" }',
      '5:26: write the name of an output; known here: id',
    ],
    [
      'of another type',
      '{ uses: verify, if: "steps.backup.outputs.id > 1" }',
      '5:26: string and int do not go together with `>`',
    ],
    [
      'that is no condition',
      '{ uses: verify, if: "steps.backup.outputs.id" }',
      '5:26: it gives a string, not true or false',
    ],
    [
      'that is no text',
      '{ uses: tag, with: { version: "${{ steps.probe.outputs }}" } }',
      '5:40: it gives a map<string, dyn>, where text is needed',
    ],
    [
      'by the backup, which must be whole',
      '{ id: more, uses: backup, with: { components: ["${{ steps.probe.outputs.x }}"] } }',
      '5:57: `backup` is planned before anything runs: it may use only what is known then, not `steps`',
    ],
    [
      'by a step that is planned before',
      '{ uses: copy, if: "steps.probe.outputs.x" }',
      '5:24: `copy` is planned before anything runs: it may use only what is known then, not `steps`',
    ],
    [
      'under a name that is written otherwise',
      '{ uses: verify, if: "step.probe.outputs.x" }',
      '5:26: there is no variable `step`; did you mean `steps`?',
    ],
    [
      'with a pattern that runs away',
      '{ uses: verify, if: "steps.probe.outputs.x.matches(\'(a+)+$\')" }',
      '5:26: `matches` is refused here: a regular expression can run for hours; use startsWith, endsWith or contains',
    ],
  ])('may not be read %s', (_what, text, message) => {
    expect(first(text)).toBe(message);
  });

  it('may not be read before it is given, nor of a step that gives nothing', () => {
    expect(problems(stepsOf('{ uses: verify, if: "steps.probe.outputs.x" }', probe))).toEqual([
      '4:32: `probe` has not run by then: only earlier steps have outputs',
    ]);
    expect(problems(stepsOf('{ uses: detect }', '{ uses: verify, if: "steps.detect.outputs.x" }'))).toEqual([
      '5:32: `detect` gives no outputs: a `run` with `outputs: json` does',
    ]);
    expect(problems('steps: [{ uses: verify, if: "steps.a.outputs.b" }]\n')).toEqual([
      '2:36: there is no earlier step `a`: no step stands before this one',
    ]);
    expect(
      problems(
        stepsOf('{ id: two-words, run: [a], outputs: json }', '{ uses: verify, if: "steps.two-words.outputs.x == 1" }'),
      ),
    ).toEqual(["5:32: an id with a dash is written steps['two-words']"]);
  });

  it('may be read under on_failure and always, of every step and of those before', () => {
    const tell = (id: string) =>
      `{ id: ${id}, run: [tell, "\${{ steps.probe.outputs.x }}", "\${{ steps.backup.outputs.id }}"], outputs: json }`;
    const after = '{ id: after, run: ["${{ steps.one.outputs.x }}"] }';
    expect(
      problems(`${stepsOf(probe)}on_failure: [${tell('one')}, ${after}]\nalways: [${tell('one')}, ${after}]\n`),
    ).toEqual([]);
    expect(problems(`${stepsOf(probe)}on_failure: [${after}, ${tell('one')}]\n`)).toEqual([
      '5:44: `one` has not run by then: only earlier steps have outputs',
    ]);
  });

  it('is known to need outputs', () => {
    const { steps } = load(
      stepsOf(probe, '{ uses: verify, if: "steps.probe.outputs.x" }', '{ uses: tag, if: "run.version == \'steps\'" }'),
    );
    expect(steps.map((one) => one.if?.needsOutputs)).toEqual([undefined, undefined, true, false]);
  });
});

it('ends at once on thousands of expressions that read what others gave', () => {
  const many = Array.from(
    { length: 199 },
    (_, i) =>
      `{ id: s${i}, run: [a, "${'${{ steps.backup.outputs.id }}'.repeat(40)}"], outputs: json, if: "steps.backup.outputs.id != ''" }`,
  );
  const started = process.cpuUsage();
  expect(problems(stepsOf(...many))).toEqual([]);
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(3);
});
