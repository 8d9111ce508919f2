/** Conditions, commit rules and template expressions: checked when they are read, and unable to reach or to stall anything. */
import type { Commit } from '../domain/change.ts';
import {
  type Compiled,
  compile,
  type ExpressionProblem,
  expressionInvalid,
  fromLanguage,
  type Names,
  newLanguage,
  problemOf,
  Refusal,
  refuseLong,
  toLanguage,
} from './expression-language.ts';
import type { ChangesView, Condition, ConditionContext } from './pipeline.ts';

export interface TemplateVariables {
  readonly target: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
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

const templates = newLanguage()
  .registerVariable('target', 'map<string, dyn>')
  .registerVariable('run', 'map<string, dyn>')
  .registerVariable('env', 'map<string, string>');

const conditions = templates
  .clone()
  .registerType('Changes', { ctor: Changes, fields: { priority: 'string', count: 'int' } })
  .registerVariable('changes', 'Changes')
  .registerFunction('Changes.touches(string): bool', (changes: Changes, name: string) => changes.view.touches(name))
  .registerFunction('Changes.has(string): bool', (changes: Changes, name: string) => changes.view.has(name));

const commits = newLanguage()
  .registerVariable('commit_type', 'string')
  .registerVariable('scope', 'string')
  .registerVariable('breaking', 'bool')
  .registerVariable('subject', 'string');

const textMethods = [
  'startsWith',
  'endsWith',
  'contains',
  'size',
  'indexOf',
  'lowerAscii',
  'upperAscii',
  'trim',
  'substring',
  'has',
];
const listMethods = ['exists', 'exists_one', 'all', 'filter', 'string', 'int', 'double', 'bool'];

const templateNames: Names = { variables: ['target', 'run', 'env'], methods: [...textMethods, ...listMethods] };
const conditionNames: Names = {
  variables: ['target', 'run', 'env', 'changes'],
  methods: ['touches', ...templateNames.methods],
  keys: (variable) => (variable === 'changes' ? ['priority', 'count', 'touches(…)', 'has(…)'] : []),
};
const commitNames: Names = { variables: ['type', 'scope', 'breaking', 'subject'], methods: textMethods };

/** Adds the keys that the variables have in this evaluation. */
const withKeys = (names: Names, variables: Readonly<Record<string, unknown>>): Names => ({
  ...names,
  keys: (name) => {
    const held = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return typeof held === 'object' && held !== null && name !== 'changes'
      ? Object.keys(held)
      : (names.keys?.(name) ?? []);
  },
});

const mustBeBool = ({ type }: Compiled, source: string): void => {
  if (type !== 'bool' && !type.startsWith('dyn')) {
    throw new Refusal(`it gives a ${type}, not true or false`, [0, source.length]);
  }
};

const contextOf = (variables: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const context: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(variables))
    context[name] = value instanceof Changes ? value : toLanguage(value);
  return context;
};

/** What is wrong with a condition, undefined when nothing is. */
export const conditionProblem = (source: string): ExpressionProblem | undefined => {
  try {
    mustBeBool(compile(conditions, source), source);
    return undefined;
  } catch (error) {
    return problemOf(error, source, conditionNames);
  }
};

/** What is wrong with the expression of a template, undefined when nothing is. */
export const templateExpressionProblem = (source: string): ExpressionProblem | undefined => {
  try {
    compile(templates, source);
    return undefined;
  } catch (error) {
    return problemOf(error, source, templateNames);
  }
};

/** Compiles `if:`. Throws `expression-invalid` for syntax, unknown variables, and what is not true or false. */
export const compileCondition = (source: string): Condition => {
  const invalid = (error: unknown, names: Names) => expressionInvalid(source, problemOf(error, source, names), error);
  let compiled: Compiled;
  try {
    compiled = compile(conditions, source);
    mustBeBool(compiled, source);
  } catch (error) {
    throw invalid(error, conditionNames);
  }
  return {
    source,
    holds: ({ target, run, env, changes }: ConditionContext) => {
      try {
        const result = compiled.run(contextOf({ target, run, env, changes: new Changes(changes) }));
        if (typeof result !== 'boolean') throw new Refusal('it gave neither true nor false', [0, source.length]);
        return result;
      } catch (error) {
        throw invalid(error, withKeys(conditionNames, { target, run, env }));
      }
    },
  };
};

/** The language keeps `type` for itself; in rules it is the commit's. Strings and the function `type(x)` stay as they are. */
const renameType = (source: string): string =>
  source.replace(
    /("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<![\w.])type(?!\w|\s*\()/g,
    (_match, text: string | undefined) => text ?? 'commit_type',
  );

/** Compiles the rule of a category of commits, over type, scope, breaking and subject. Throws `expression-invalid`. */
export const compileCommitRule = (source: string): ((commit: Commit) => boolean) => {
  const invalid = (error: unknown) => {
    const { message, range } = problemOf(error, source, commitNames);
    return expressionInvalid(source, { message: message.replaceAll('commit_type', 'type'), range }, error);
  };
  let compiled: Compiled;
  try {
    if (/\bcommit_type\b/.test(source))
      throw new Refusal('there is no variable `commit_type`; did you mean `type`?', [0, source.length]);
    refuseLong(source);
    compiled = compile(commits, renameType(source));
    mustBeBool(compiled, source);
  } catch (error) {
    throw invalid(error);
  }
  return ({ type, scope, breaking, subject }) => {
    try {
      return compiled.run(contextOf({ commit_type: type, scope, breaking, subject })) === true;
    } catch (error) {
      throw invalid(error);
    }
  };
};

/** Evaluates an expression over target, run and env. Throws `expression-invalid`, also for a key that is not there. */
export const evaluate = (source: string, { target, run, env }: TemplateVariables): unknown => {
  try {
    return fromLanguage(compile(templates, source).run(contextOf({ target, run, env })));
  } catch (error) {
    throw expressionInvalid(source, problemOf(error, source, withKeys(templateNames, { target, run, env })), error);
  }
};
