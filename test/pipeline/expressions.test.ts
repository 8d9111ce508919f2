import { describe, expect, it } from 'vitest';
import { runFacts, runNames, targetFacts, targetNames } from '../../src/config/facts.ts';
import type { Commit } from '../../src/domain/change.ts';
import { defaultCommitRules } from '../../src/domain/defaults.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { commitRuleFaults, compileCommitRule } from '../../src/pipeline/commit-rules.ts';
import {
  compileCondition,
  conditionFaults,
  evaluate,
  templateExpressionFaults,
} from '../../src/pipeline/expressions.ts';
import type { ConditionContext } from '../../src/pipeline/pipeline.ts';
import { runSample, targetSample } from '../fixtures/fact-samples.ts';

const target = targetFacts({ ...targetSample, target: { ...targetSample.target, wave: 3, labels: ['gpu', 'prod'] } });
const context: ConditionContext = {
  target,
  run: runFacts(runSample),
  env: { HOME: '/home/x' },
  changes: { touches: (name) => name === 'package', has: (name) => name === 'docs', priority: 'high', count: 3 },
};

const caught = (act: () => unknown): LockstepError => {
  try {
    act();
  } catch (error) {
    if (error instanceof LockstepError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('conditions', () => {
  it.each([
    ["changes.touches('package')", true],
    ["changes.touches('docs')", false],
    ["changes.has('docs') && changes.priority == 'high'", true],
    ['changes.count + 1 == 4', true],
    ['target.wave + 1 == 4', true],
    ['!target.hold && target.checkout == ""', true],
    ["target['name'] == 'comfy'", true],
    ["'gpu' in target.labels && target.labels.exists(label, label == 'prod')", true],
    ["has(env.CI) || env.HOME.startsWith('/home')", true],
    ['run.full', false],
    ['has(target.name) && !has(env.GONE)', true],
  ])('%s is %s', (source, expected) => {
    expect(compileCondition(source).holds(context)).toBe(expected);
  });

  it.each([
    ["targt.name == 'x'", 'there is no variable `targt`; did you mean `target`?'],
    ["changes.touchs('docs')", 'did you mean `touches`?'],
    ['changes.prio > 2', '`changes` has no `prio`'],
    ['changes.has(1)', 'no values it takes'],
    ["changes.tuches('docs')", 'there is no `changes.tuches(string)`; did you mean `touches`?'],
    ["changes.startsWith('docs')", 'there is no `changes.startsWith(string)`; known here: touches, has'],
    ["target.pakage_dir == ''", '`target` has no `pakage_dir`; did you mean `package_dir`?'],
    ["target['pakage_dir'] == ''", '`target` has no `pakage_dir`; did you mean `package_dir`?'],
    ['has(target.pakage_dir)', '`target` has no `pakage_dir`; did you mean `package_dir`?'],
    ['run.ful', '`run` has no `ful`; did you mean `full`?'],
    ["enviroment.X == 'x'", 'there is no variable `enviroment`; did you mean `env`?'],
    ["steps.docs.outputs == 'x'", 'there is no variable `steps`'],
    ["run.full == 'x'", 'bool and string do not go together with `==`'],
    ['target.labels.exists(l, l == 1)', 'string and int do not go together with `==`'],
    ['[][0]', 'not true or false'],
    ['!target.name', '`!string` means nothing'],
    ['target.name', 'it gives a string, not true or false'],
    ["dyn(target).pakage == 'x'", '`dyn` is refused here'],
    ["target[env.KEY] == 'x'", 'write the name itself'],
    ["target.labels.exists(run, run == 'x')", '`run` is a variable already'],
    ["'text'", 'gives a string, not true or false'],
    ['', 'it is empty'],
    ['1 +', 'Unexpected token'],
    ['changes.view.touches("package")', '`changes` has no `view`'],
    [`"${'x'.repeat(3000)}" == ""`, 'longer than 2000'],
    [`${'('.repeat(900)}1${')'.repeat(900)}`, 'nested deeper than'],
    ['1+'.repeat(900).concat('1 == 1'), 'nested deeper than'],
  ])('%.80s is refused when it is read', (source, message) => {
    const error = caught(() => compileCondition(source));
    expect(error.code).toBe('expression-invalid');
    expect(error.message).toContain(message);
  });

  it.each([
    "target.name.matches('(a+)+$')",
    "env.HOME.split('').exists(x, x == 'a')",
    '[1].exists(x, [1].exists(y, x == y))',
    '[1].map(x, x) == [1]',
    'cel.bind(a, env.HOME + env.HOME, a == a)',
    "bytes(env.HOME).json() == {'a': 1}",
    "target.labels.exists(x, x.matches('a'))",
    "true ? target.name.matches('a') : {'k': 'a'.matches('a')}.k",
  ])('%s could run away and is refused', (source) => {
    expect(caught(() => compileCondition(source)).message).toContain('refused');
  });

  it('names the key that the environment lacks, and the nearest one', () => {
    const error = caught(() => compileCondition("env.HOMME == 'x'").holds(context));
    expect(error.message).toBe("env.HOMME == 'x': `env` has no `HOMME`; did you mean `HOME`?");
  });

  it.each<[string, number, number]>([
    ["run.full && target.pakage_dir == ''", 19, 29],
    ["run.full && changes.tuches('docs')", 20, 26],
    ['run.full && has(target.pakage_dir)', 23, 33],
    ["run.full && enviroment.X == ''", 12, 22],
    ["run.full && changes.touches('pakage')", 28, 36],
  ])('points at the mistake of %s', (source, start, end) => {
    const known = { components: ['package'], fileComponents: [], categories: [], suites: [], types: [] };
    expect(conditionFaults(source, known).map(({ range }) => range)).toEqual([[start, end]]);
  });

  it('finds every component and category that there is not, once it is told which there are', () => {
    const known = {
      components: ['package', 'docs'],
      fileComponents: ['docs'],
      categories: ['provider'],
      suites: [],
      types: [],
    };
    const source =
      "changes.touches('pakage') || !changes.has('providr') && changes.touches('docs') && changes.has('docs')";
    expect(conditionFaults(source, known).map(({ message }) => message)).toEqual([
      'there is no component named `pakage`; did you mean `package`?',
      'there is no category named `providr`; did you mean `provider`?',
      'there is no category named `docs`; known here: provider',
    ]);
    expect(conditionFaults(source)).toEqual([]);
    expect(conditionFaults('changes.touches(target.name)', known)).toEqual([]);
  });

  it('reports trouble of the host as an expression that is invalid', () => {
    const touches = () => {
      throw new Error('the host failed');
    };
    const broken = { ...context, changes: { ...context.changes, touches } };
    const error = caught(() => compileCondition("changes.touches('a')").holds(broken));
    expect(error).toMatchObject({ code: 'expression-invalid', message: "changes.touches('a'): the host failed" });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('reaches no %s', (key) => {
    for (const source of [
      `target.${key} == 1`,
      `env['${key}'] == ''`,
      `has(target.${key})`,
      `run.${key}.${key} == 1`,
    ]) {
      let held = false;
      try {
        held = compileCondition(source).holds(context);
      } catch (error) {
        expect(error).toMatchObject({ code: 'expression-invalid' });
      }
      expect(held).toBe(false);
    }
    expect(caught(() => compileCondition(`${key} == 1`)).code).toBe('expression-invalid');
  });

  it('looks at no list longer than people make', () => {
    const long = { ...context, target: { ...target, labels: Array.from({ length: 5000 }, () => 'x') } };
    expect(caught(() => compileCondition("'y' in target.labels").holds(long)).message).toContain(
      'more than 1000 elements',
    );
  });

  it('ends in no time at the worst of what it takes', () => {
    const labels = Array.from({ length: 1000 }, (_, index) => `label-${index}`);
    const condition = compileCondition(Array(8).fill('target.labels.all(x, x in target.labels)').join(' && '));
    const started = performance.now();
    expect(condition.holds({ ...context, target: { ...target, labels } })).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('looks at no variables nested without end', () => {
    const loop: Record<string, unknown> = {};
    loop.loop = loop;
    expect(caught(() => compileCondition('run.full').holds({ ...context, run: loop })).code).toBe('expression-invalid');
  });
});

describe('commit rules', () => {
  const commit = (facts: Partial<Commit>): Commit => ({
    id: 'a1',
    subject: 'x',
    type: 'feat',
    scope: '',
    breaking: false,
    author: 'a',
    time: '2026-02-24T00:00:00Z',
    files: [],
    ...facts,
  });
  const first = (facts: Partial<Commit>): string | undefined =>
    defaultCommitRules.find((rule) => compileCommitRule(rule.if)(commit(facts)))?.priority;

  it.each<[Partial<Commit>, string | undefined]>([
    [{ type: 'security' }, 'critical'],
    [{ type: 'fix', scope: 'security' }, 'critical'],
    [{ type: 'other', subject: 'CVE-2026-1 closed' }, 'critical'],
    [{ type: 'fix', scope: 'data-loss' }, 'critical'],
    [{ breaking: true }, 'high'],
    [{ type: 'fix' }, 'high'],
    [{ type: 'perf' }, 'medium'],
    [{ type: 'refactor' }, 'low'],
    [{ type: 'feat' }, undefined],
  ])('the default rules judge %j as %s', (facts, priority) => {
    expect(first(facts)).toBe(priority);
  });

  it('leaves the word type alone in texts and calls', () => {
    expect(
      compileCommitRule('subject.contains("type == \\"x") || subject == \'type\'')(commit({ subject: 'type' })),
    ).toBe(true);
    expect(compileCommitRule(`subject == '''it's type'''`)(commit({ subject: "it's type" }))).toBe(true);
    expect(compileCommitRule('type(subject) == string')(commit({}))).toBe(true);
    expect(compileCommitRule("type=='feat'")(commit({}))).toBe(true);
  });

  it('speaks of type in its messages, and of what there is', () => {
    expect(caught(() => compileCommitRule('type == 1')).message).not.toContain('tYpe');
    expect(caught(() => compileCommitRule("typ == 'x'")).message).toContain('did you mean `type`?');
    expect(caught(() => compileCommitRule("tYpe == 'x'")).message).toContain(
      'no variable `tYpe`; did you mean `type`?',
    );
    expect(caught(() => compileCommitRule("scop == 'x'")).message).toContain('did you mean `scope`?');
    expect(caught(() => compileCommitRule("subject.matches('(a+)+$')")).message).toContain('refused');
    expect(caught(() => compileCommitRule('subject')).code).toBe('expression-invalid');
  });
});

it('points at the mistake of a commit rule, whatever stands before it', () => {
  const source = "type == 'fix' && type != '' && scop == 'x'";
  expect(commitRuleFaults(source)).toEqual([
    { message: 'there is no variable `scop`; did you mean `scope`?', range: [31, 35] },
  ]);
  expect(commitRuleFaults("type == 'fix'")).toEqual([]);
});

it('gives whole numbers back as numbers, and exact ones beyond them', () => {
  const variables = { target, run: {}, env: {} };
  expect(evaluate('target.wave + 1', variables)).toBe(4);
  expect(evaluate('[1, 2]', variables)).toEqual([1, 2]);
  expect(evaluate('9007199254740993', variables)).toBe(9007199254740993n);
});

describe('names and their values', () => {
  const variables = { target: targetFacts(targetSample), run: runFacts(runSample), env: {} };
  const kinds = { string: 'string', int: 'number', bool: 'boolean', 'list<string>': 'object' };

  it.each([
    ...Object.entries(targetNames).map(([name, fact]) => [`target.${name}`, fact] as const),
    ...Object.entries(runNames).map(([name, fact]) => [`run.${name}`, fact] as const),
  ])('%s is declared as what a run gives', (source, { type }) => {
    expect(templateExpressionFaults(source).length).toBe(type === 'list<string>' ? 1 : 0);
    expect(typeof evaluate(source, variables)).toBe(kinds[type]);
    expect(typeof evaluate(`${source} == ${source} ? 'same' : ''`, variables)).toBe('string');
  });

  it('gives no value that is not declared', () => {
    expect(Object.keys(variables.target)).toEqual(Object.keys(targetNames));
    expect(Object.keys(variables.run)).toEqual(Object.keys(runNames));
  });

  it('gives a text where a target has nothing', () => {
    const bare = targetFacts({
      target: { name: 'x', path: 'x', type: 'source', last_sync: null, sync_version: null, status: 'unknown' },
      layout: { ...targetSample.layout, python: null, packageDir: null, site: null, checkout: null },
    });
    for (const name of [
      'python',
      'python_version',
      'package_dir',
      'site',
      'checkout',
      'pipeline',
      'last_sync',
    ] as const)
      expect(evaluate(`target.${name}`, { ...variables, target: bare })).toBe('');
  });
});
