/** Conditions and template expressions: checked when they are read, and unable to reach or to stall anything. */
import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { changesNames, type Fact, runNames, targetNames } from '../config/facts.ts';
import type { KnownNames } from '../config/known-names.ts';
import { priorities } from '../domain/change.ts';
import { targetStatuses } from '../domain/target.ts';
import { type Compiled, compile, fromLanguage, newLanguage, toLanguage } from './expression-language.ts';
import { type ExpressionProblem, expressionInvalid, type Names, problemOf, Refusal } from './expression-problems.ts';
import { refused, refuseHidden, type TextRule, unknownTexts, unknownWords, type WordRule } from './expression-rules.ts';
import type { ChangesView, Condition, ConditionContext, StepsView } from './pipeline.ts';
import { type OutputsScope, readsSteps, refuseOutputs, stepsRead, withAnySteps, withSteps } from './step-outputs.ts';

export interface TemplateVariables {
  readonly target: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** What changed in main; left out where a text belongs to no step. */
  readonly changes?: ChangesView;
  /** What earlier steps gave; left out while nothing has run. */
  readonly steps?: StepsView;
}

/** The only class that expressions see: they reach the fields and methods registered for it, and nothing else of it. */
class Changes {
  readonly view: ChangesView;
  readonly priority: string;
  readonly count: bigint;
  constructor(view: ChangesView) {
    this.view = view;
    this.priority = view.priority;
    this.count = BigInt(view.count);
  }
}

const fieldsOf = (names: Readonly<Record<string, Fact<never>>>): Record<string, string> =>
  Object.fromEntries(Object.entries(names).map(([name, { type }]) => [name, type]));

const templates = newLanguage()
  .registerType('Target', { fields: fieldsOf(targetNames) })
  .registerType('Run', { fields: fieldsOf(runNames) })
  .registerVariable('target', 'Target')
  .registerVariable('run', 'Run')
  .registerVariable('env', 'map<string, string>');

const conditions = templates
  .clone()
  .registerType('Changes', { ctor: Changes, fields: changesNames.values })
  .registerVariable('changes', 'Changes')
  .registerFunction('Changes.touches(string): bool', (changes: Changes, name: string) => changes.view.touches(name))
  .registerFunction('Changes.has(string): bool', (changes: Changes, name: string) => changes.view.has(name));

/** The methods that messages suggest. */
export const methodsOf = (language: Environment): Names['methods'] =>
  language
    .getDefinitions()
    .functions.filter(({ name, receiverType }) => !Object.hasOwn(refused, name) && receiverType !== 'OptionalNamespace')
    .map(({ name, receiverType }) => ({ name, receiver: receiverType }));

const factKeys: Readonly<Record<string, readonly string[]>> = {
  target: Object.keys(targetNames),
  run: Object.keys(runNames),
  changes: [...Object.keys(changesNames.values), ...Object.keys(changesNames.calls).map((call) => `${call}(…)`)],
};
const keysOf = (variable: string): readonly string[] =>
  Object.hasOwn(factKeys, variable) ? (factKeys[variable] ?? []) : [];

const templateNames: Names = {
  variables: ['target', 'run', 'env'],
  methods: methodsOf(templates),
  keys: keysOf,
};
const conditionNames: Names = {
  variables: ['target', 'run', 'env', 'changes'],
  methods: methodsOf(conditions),
  keys: keysOf,
};

/** Adds the keys that the environment has in this evaluation. */
const withEnv = (names: Names, env: Readonly<Record<string, string>>): Names => ({
  ...names,
  keys: (name) => (name === 'env' ? Object.keys(env) : (names.keys?.(name) ?? [])),
});

/** Throws a Refusal for what can give neither true nor false. */
export const mustBeBool = (compiled: Compiled, source: string): void => {
  if (compiled.type !== 'bool' && !isOpen(compiled)) {
    throw new Refusal(`it gives a ${compiled.type}, not true or false`, [0, source.length]);
  }
};

/** The variables as the language takes them. Throws a Refusal for what is too much. */
export const contextOf = (variables: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const context: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(variables))
    context[name] = value instanceof Changes ? value : toLanguage(value);
  return context;
};

/** A language, and the names that its messages suggest. */
interface Spoken {
  readonly language: Environment;
  readonly names: Names;
}

/** For values that are there; templates only, because conditions are compiled when they are read. */
const templatesOfRuns = withAnySteps(conditions);

const inTemplates: Spoken = { language: templates, names: templateNames };
const inConditions: Spoken = { language: conditions, names: conditionNames };

const withStepNames = (names: Names, ids: readonly string[]): Names => ({
  ...names,
  variables: [...names.variables, 'steps'],
  keys: (name) => (name === 'steps' ? ids : (names.keys?.(name) ?? [])),
});

/** With `steps`, where an expression may say it. */
const inScope = ({ language, names }: Spoken, source: string, scope: OutputsScope | undefined): Spoken =>
  scope === undefined
    ? { language, names }
    : {
        language: /\bsteps\b/.test(source) ? withSteps(language, scope) : language,
        names: withStepNames(names, [...scope.earlier.keys()]),
      };

const compileWith = ({ language, names }: Spoken, source: string, scope?: OutputsScope): Compiled => {
  const refuse = scope === undefined ? undefined : (ast: ASTNode) => refuseOutputs(ast, scope);
  const compiled = compile(language, source, refuse);
  refuseHidden(compiled.ast, source, { language, names });
  return compiled;
};

const textRules = ({ components, categories }: KnownNames): readonly TextRule[] => [
  { variable: 'changes', method: 'touches', what: 'component', known: components },
  { variable: 'changes', method: 'has', what: 'category', known: categories },
];

const wordRules = ({ types }: KnownNames): readonly WordRule[] => [
  { variable: 'target', key: 'type', what: 'integration type', known: types },
  { variable: 'target', key: 'status', what: 'status', known: [...targetStatuses, ''] },
  { variable: 'changes', key: 'priority', what: 'priority', known: [...priorities, ''] },
];

const namedWrongly = (ast: ASTNode, known: KnownNames): readonly ExpressionProblem[] => [
  ...unknownTexts(ast, textRules(known)),
  ...unknownWords(ast, wordRules(known)),
];

/** What is wrong with a condition; names of the project, and earlier steps, are looked at where they are known. */
export const conditionFaults = (
  source: string,
  known?: KnownNames,
  scope?: OutputsScope,
): readonly ExpressionProblem[] => {
  const spoken = inScope(inConditions, source, scope);
  try {
    const compiled = compileWith(spoken, source, scope);
    mustBeBool(compiled, source);
    if (known === undefined) return [];
    return namedWrongly(compiled.ast, known);
  } catch (error) {
    return [problemOf(error, source, spoken.names)];
  }
};

/** Types whose values have a text. */
const texts: ReadonlySet<string> = new Set(['string', 'int', 'uint', 'double', 'bool']);

/** What only a run tells, because a program of the team's own gives it. */
const isOpen = ({ type, ast }: Compiled): boolean => type === 'dyn' && readsSteps(ast);

/** What is wrong with the expression of a template; with a scope, of one in a pipeline, which knows `changes` as well. */
export const templateExpressionFaults = (source: string, scope?: OutputsScope): readonly ExpressionProblem[] => {
  const spoken = inScope(scope === undefined ? inTemplates : inConditions, source, scope);
  try {
    const compiled = compileWith(spoken, source, scope);
    if (!texts.has(compiled.type) && !isOpen(compiled))
      throw new Refusal(`it gives a ${compiled.type}, where text is needed`, trimmed(source));
    return scope?.known === undefined ? [] : namedWrongly(compiled.ast, scope.known);
  } catch (error) {
    return [problemOf(error, source, spoken.names)];
  }
};

/** The ids of the steps that an expression reads; none for what is no expression. */
export const stepsReadBy = (source: string): readonly string[] => {
  try {
    return /\bsteps\b/.test(source) ? stepsRead(conditions.parse(source).ast) : [];
  } catch {
    return [];
  }
};

/** Where the words of an expression stand, without the spaces around them. */
const trimmed = (source: string): readonly [number, number] => {
  const start = source.length - source.trimStart().length;
  return [start, start + source.trim().length];
};

const notYet = 'what earlier steps give is not known before they ran';

/** Compiles `if:`. Throws `expression-invalid` for syntax, unknown names, and what is not true or false. */
export const compileCondition = (source: string, scope?: OutputsScope): Condition => {
  const invalid = (error: unknown, names: Names) => expressionInvalid(source, problemOf(error, source, names), error);
  const spoken = inScope(inConditions, source, scope);
  let compiled: Compiled;
  try {
    compiled = compileWith(spoken, source, scope);
    mustBeBool(compiled, source);
  } catch (error) {
    throw invalid(error, spoken.names);
  }
  const needsOutputs = readsSteps(compiled.ast);
  return {
    source,
    needsOutputs,
    holds: ({ target, run, env, changes, steps }: ConditionContext) => {
      try {
        if (needsOutputs && steps === undefined) throw new Refusal(notYet, [0, source.length]);
        const result = compiled.run(
          contextOf({ target, run, env, changes: new Changes(changes), ...(needsOutputs ? { steps } : {}) }),
        );
        if (typeof result !== 'boolean') throw new Refusal('it gave neither true nor false', [0, source.length]);
        return result;
      } catch (error) {
        throw invalid(error, withEnv(spoken.names, env));
      }
    },
  };
};

/** Evaluates an expression over target, run, env and, where they are given, changes and steps. Throws `expression-invalid`, also for a key that is not there. */
export const evaluate = (source: string, { target, run, env, changes, steps }: TemplateVariables): unknown => {
  const reads = steps !== undefined && /\bsteps\b/.test(source);
  const plain = changes === undefined ? inTemplates : inConditions;
  const spoken: Spoken = reads
    ? { language: templatesOfRuns, names: withStepNames(plain.names, Object.keys(steps)) }
    : plain;
  try {
    const context = contextOf({
      target,
      run,
      env,
      ...(changes === undefined ? {} : { changes: new Changes(changes) }),
      ...(reads ? { steps } : {}),
    });
    return fromLanguage(compileWith(spoken, source).run(context));
  } catch (error) {
    throw expressionInvalid(source, problemOf(error, source, withEnv(spoken.names, env)), error);
  }
};
