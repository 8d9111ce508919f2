import { describe, expect, it } from 'vitest';
import type { Commit } from '../../src/domain/change.ts';
import { defaultCommitRules } from '../../src/domain/defaults.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { compileCommitRule, compileCondition, evaluate } from '../../src/pipeline/expressions.ts';
import type { ConditionContext } from '../../src/pipeline/pipeline.ts';

const context: ConditionContext = {
  target: { name: 'comfy', nodes: 3, share: 0.5, labels: ['gpu', 'prod'], gone: undefined, call: () => 'called' },
  run: { full: false, reason: '' },
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
    ['target.nodes + 1 == 4', true],
    ['target.share < 1.0', true],
    ["'gpu' in target.labels && target.labels.exists(label, label == 'prod')", true],
    ["has(env.CI) || env.HOME.startsWith('/home')", true],
    ['run.full', false],
    ['has(target.gone) || has(target.call)', false],
  ])('%s is %s', (source, expected) => {
    expect(compileCondition(source).holds(context)).toBe(expected);
  });

  it.each([
    ["targt.name == 'x'", 'there is no variable `targt`; did you mean `target`?'],
    ["changes.touchs('docs')", 'did you mean `touches`?'],
    ['changes.prio > 2', '`changes` has no `prio`'],
    ['changes.has(1)', 'no values it takes'],
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

  it('names the key that the variables lack, and the nearest one', () => {
    const error = caught(() => compileCondition("target.nme == 'x'").holds(context));
    expect(error.message).toBe("target.nme == 'x': `target` has no `nme`; did you mean `name`?");
  });

  it('reports trouble of the host as an expression that is invalid', () => {
    const touches = () => {
      throw new Error('the host failed');
    };
    const broken = { ...context, changes: { ...context.changes, touches } };
    const error = caught(() => compileCondition("changes.touches('a')").holds(broken));
    expect(error).toMatchObject({ code: 'expression-invalid', message: "changes.touches('a'): the host failed" });
  });

  it('asks for true or false when only the run tells the type', () => {
    expect(caught(() => compileCondition('target.name').holds(context)).message).toContain('neither true nor false');
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
    const long = { ...context, target: { labels: Array.from({ length: 5000 }, () => 'x') } };
    expect(caught(() => compileCondition("'y' in target.labels").holds(long)).message).toContain(
      'more than 1000 elements',
    );
  });

  it('ends in no time at the worst of what it takes', () => {
    const labels = Array.from({ length: 1000 }, (_, index) => `label-${index}`);
    const condition = compileCondition(Array(8).fill('target.labels.all(x, x in target.labels)').join(' && '));
    const started = performance.now();
    expect(condition.holds({ ...context, target: { labels } })).toBe(true);
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
    expect(caught(() => compileCommitRule('type == 1')).message).not.toContain('commit_type');
    expect(caught(() => compileCommitRule("commit_type == 'x'")).message).toContain('did you mean `type`?');
    expect(caught(() => compileCommitRule("scop == 'x'")).message).toContain('did you mean `scope`?');
    expect(caught(() => compileCommitRule("subject.matches('(a+)+$')")).message).toContain('refused');
    expect(caught(() => compileCommitRule('subject')).code).toBe('expression-invalid');
  });
});

it('gives whole numbers back as numbers, and exact ones beyond them', () => {
  const variables = { target: { n: 3, list: [1, { k: 2 }] }, run: {}, env: {} };
  expect(evaluate('target.n + 1', variables)).toBe(4);
  expect(evaluate('target.list', variables)).toEqual([1, { k: 2 }]);
  expect(evaluate('9007199254740993', variables)).toBe(9007199254740993n);
});
