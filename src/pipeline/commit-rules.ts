/** The rules of commits in `sync.config.yaml`: expressions over type, scope, breaking and subject, checked when they are read. */
import type { Commit } from '../domain/change.ts';
import { type Compiled, compile, newLanguage, refuseLong } from './expression-language.ts';
import { type ExpressionProblem, expressionInvalid, type Names, problemOf, Refusal } from './expression-problems.ts';
import { contextOf, methodsOf, mustBeBool } from './expressions.ts';

/** The language keeps `type` for itself. In rules it is the commit's, under a name as long, so that places stay true. */
const typeName = 'tYpe';

const commits = newLanguage()
  .registerVariable(typeName, 'string')
  .registerVariable('scope', 'string')
  .registerVariable('breaking', 'bool')
  .registerVariable('subject', 'string');

const commitNames: Names = { variables: ['type', 'scope', 'breaking', 'subject'], methods: methodsOf(commits) };

/** Strings and the function `type(x)` stay as they are. */
const renameType = (source: string): string =>
  source.replace(
    /("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<![\w.])type(?!\w|\s*\()/g,
    (_match, text: string | undefined) => text ?? typeName,
  );

const compileRule = (source: string): Compiled => {
  const at = source.search(new RegExp(`\\b${typeName}\\b`));
  if (at !== -1)
    throw new Refusal(`there is no variable \`${typeName}\`; did you mean \`type\`?`, [at, at + typeName.length]);
  refuseLong(source);
  const compiled = compile(commits, renameType(source));
  mustBeBool(compiled, source);
  return compiled;
};

const ruleProblem = (error: unknown, source: string): ExpressionProblem => {
  const { message, range } = problemOf(error, source, commitNames);
  return { message: error instanceof Refusal ? message : message.replaceAll(typeName, 'type'), range };
};

/** What is wrong with the rule of commits. */
export const commitRuleFaults = (source: string): readonly ExpressionProblem[] => {
  try {
    compileRule(source);
    return [];
  } catch (error) {
    return [ruleProblem(error, source)];
  }
};

/** Compiles a rule of commits, over type, scope, breaking and subject. Throws `expression-invalid`. */
export const compileCommitRule = (source: string): ((commit: Commit) => boolean) => {
  const invalid = (error: unknown) => expressionInvalid(source, ruleProblem(error, source), error);
  let compiled: Compiled;
  try {
    compiled = compileRule(source);
  } catch (error) {
    throw invalid(error);
  }
  return ({ type, scope, breaking, subject }) => {
    try {
      return compiled.run(contextOf({ [typeName]: type, scope, breaking, subject })) === true;
    } catch (error) {
      throw invalid(error);
    }
  };
};
