/** Whatever is written in an expression: a plain value, or an error that says what is wrong. Never the host, never a hang. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runFacts, targetFacts } from '../../src/config/facts.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { compileCondition, evaluate } from '../../src/pipeline/expressions.ts';
import { fillTemplate, readsOutputs } from '../../src/pipeline/templates.ts';
import { runSample, targetSample } from '../fixtures/fact-samples.ts';

let touched: string[] = [];
/** What an expression must never be able to call. */
const trap = (...words: readonly unknown[]): never => {
  touched.push(words.join());
  throw new Error('the host was reached');
};
const hostile = Object.assign(Object.create({ inherited: 'OUTSIDE', call: trap }), {
  name: 'x',
  run: trap,
  toString: trap,
  valueOf: trap,
  toJSON: trap,
});
const variables = {
  target: targetFacts(targetSample),
  run: runFacts(runSample),
  env: { HOME: '/home/x' },
  steps: { probe: { outputs: { hostile, list: [1, [2, [3]]], text: 'a', deep: { er: { est: 1 } } } } },
};
const context = {
  ...variables,
  changes: { touches: () => true, has: () => false, priority: 'high', count: 2 },
};
const scope = { earlier: new Map([['probe', 'json' as const]]), later: new Set<string>() };

const roots = [
  'target',
  'run',
  'env',
  'changes',
  'steps',
  'steps.probe.outputs',
  'steps.probe.outputs.hostile',
  "''",
  '[]',
  '{}',
  '1',
  'this',
  'globalThis',
  'process',
  'require',
  'Function',
  'Object',
  'cel',
];
const keys = [
  '__proto__',
  'prototype',
  'constructor',
  'toString',
  'valueOf',
  '__defineGetter__',
  'hasOwnProperty',
  'view',
  'call',
  'run',
  'inherited',
  'then',
  'name',
  'outputs',
  'length',
  'size()',
  'constructor("return process")()',
  'map(x, x)',
  'all(x, true)',
  'exists(x, x == 1)',
  'matches("(a+)+$")',
  'toString()',
  'touches("a")',
  'split("")',
];

/** `target.constructor['__proto__'] + …`: chains that look for a way out. */
const chain = fc
  .tuple(
    fc.constantFrom(...roots),
    fc.array(fc.tuple(fc.constantFrom('.', '[', '.'), fc.constantFrom(...keys)), { maxLength: 5 }),
  )
  .map(([root, path]) =>
    path.reduce((text, [way, key]) => (way === '.' ? `${text}.${key}` : `${text}['${key}']`), root),
  );
const expression = fc.oneof(
  chain,
  fc
    .tuple(chain, fc.constantFrom(' == ', ' + ', ' in ', ' && ', ' < ', ' ? 1 : '), chain)
    .map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('has', 'dyn', 'string', 'type', 'size', 'int', 'eval', 'cel.bind'), chain)
    .map(([name, text]) => `${name}(${text})`),
  fc
    .array(
      fc.constantFrom(
        ...roots,
        ...keys,
        '.',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        ' == ',
        '"',
        "'",
        '?',
        ':',
        '1',
        '&&',
        '\\',
        '`',
        '${{',
      ),
    )
    .map((parts) => parts.join('')),
);

const isPlain = (value: unknown): boolean => {
  if (value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== 'object') return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return (proto === Object.prototype || proto === null) && Object.values(value).every(isPlain);
};

/** An answer, or undefined for an expression that is refused. A bug of any kind comes through. */
const answer = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'expression-invalid') throw error;
    expect(error.message).not.toMatch(/node_modules|\bat .*\.[jt]s:|native code/);
    return undefined;
  }
};

it('no expression reaches the host: not its prototypes, its functions, its globals', () => {
  touched = [];
  let answered = 0;
  fc.assert(
    fc.property(expression, (source) => {
      const held = answer(() => compileCondition(source, scope).holds(context));
      const value = answer(() => evaluate(source, variables));
      expect(['boolean', 'undefined']).toContain(typeof held);
      // The language's own words for types and the like are no text, no number and nothing to hold on to.
      if (value !== undefined && isPlain(value)) answered += 1;
      expect(typeof value).not.toBe('function');
      expect(value).not.toBe(globalThis);
      expect(
        JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? '',
      ).not.toContain('OUTSIDE');
    }),
    { numRuns: 3000, seed: 11 },
  );
  expect(touched).toEqual([]);
  expect(answered).toBeGreaterThan(50);
  expect(Object.getPrototypeOf({})).not.toHaveProperty('name');
});

it('no expression runs for long, whatever it nests and repeats', () => {
  const labels = Array.from({ length: 1000 }, (_, index) => `${'a'.repeat(40)}${index}`);
  const target = { ...variables.target, labels };
  const piece = fc.constantFrom(
    'target.labels.all(x, x in target.labels)',
    'target.labels.exists(x, x == "b")',
    'target.labels.filter(x, x.contains("aaab")).size() == 0',
    'target.labels.all(x, target.labels.all(y, x != y))',
    'target.labels.map(x, x).size() > 0',
    'target.name.matches("(a+)+$")',
    `[${'1,'.repeat(99)}1].all(x, x == 1)`,
    `${'!'.repeat(200)}run.full`,
  );
  let slowest = 0;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (parts) => {
      const started = performance.now();
      answer(() => compileCondition(parts.join(' && '), scope).holds({ ...context, target }));
      slowest = Math.max(slowest, performance.now() - started);
    }),
    { numRuns: 60, seed: 3 },
  );
  expect(slowest).toBeLessThan(3000);
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        '"',
        "'",
        '`',
        '$(',
        ')',
        '${',
        '}',
        '${{',
        '}}',
        '\n',
        '\r',
        ' ',
        '-',
        '--',
        '\\',
        ';',
        '|',
        '&',
        '*',
        '~',
        '%',
        '\t',
        'target.name',
        '🦊',
        '\u2028',
      ),
    )
    .map((parts) => parts.join('')),
  fc.string({ maxLength: 10 }).map((text) => `-${text}`),
);

it('a value stays one argument, whatever quotes, commands, templates, newlines and dashes it holds', () => {
  fc.assert(
    fc.property(nasty, nasty, (value, other) => {
      const given = { ...variables, env: { A: value, B: other } };
      // One word in, one word out, and in it the value as it is: nothing is read in it again.
      expect(fillTemplate('${{ env.A }}', given)).toBe(value);
      expect(fillTemplate("--x=${{ env['A'] }}/${{ env.B }}!", given)).toBe(`--x=${value}/${other}!`);
      const steps = { probe: { outputs: { text: value } } };
      expect(fillTemplate('<${{ steps.probe.outputs.text }}>', { ...given, steps })).toBe(`<${value}>`);
      expect(['link', '${{ env.A }}', '--to', '${{ env.B }}'].map((word) => fillTemplate(word, given))).toEqual([
        'link',
        value,
        '--to',
        other,
      ]);
    }),
    { numRuns: 1000, seed: 5 },
  );
});

it.each([
  ['${{ steps.a.outputs.b }}', true],
  ["x ${{ run.full ? steps['a'].outputs.b : '' }} y", true],
  ['${{ env.A }} ${{ size(steps.a.outputs.list) }}', true],
  ['${{ env.steps }}', false],
  ["${{ 'steps.a.outputs.b' }}", false],
  ['steps.a.outputs.b', false],
  ['${{ steps.', false],
  ['', false],
])('%s reads what earlier steps gave: %s', (template, reads) => {
  expect(readsOutputs(template)).toBe(reads);
});

it('what is not known yet is said, not guessed', () => {
  const { steps: _steps, ...planning } = context;
  const message = 'what earlier steps give is not known before they ran';
  expect(() => compileCondition('steps.probe.outputs.ready', scope).holds(planning)).toThrowError(message);
  expect(compileCondition('run.full || true', scope).holds(planning)).toBe(true);
  expect(compileCondition('has(steps.probe.outputs.gone)', scope).holds(context)).toBe(false);
  expect(() => compileCondition('steps.probe.outputs.text', scope).holds(context)).toThrowError(
    'neither true nor false',
  );
});
