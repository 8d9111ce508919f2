/** Reduces what a validator says of a choice between schemas to what is wrong with the choice that was meant. */
import type { ErrorObject } from 'ajv/dist/2020.js';

type Branch = Readonly<Record<string, unknown>>;

/** The schemas of a choice. */
export const branchesOf = (error: ErrorObject): readonly Branch[] => (Array.isArray(error.schema) ? error.schema : []);

/** Whether a choice is nothing but a list of words or keys, which is said best as a whole. */
const saidWhole = (branches: readonly Branch[]): boolean =>
  branches.every((branch) => 'const' in branch) ||
  branches.every((branch) => Object.keys(branch).join() === 'required');

const isUnder = (pointer: string, parent: string): boolean => pointer === parent || pointer.startsWith(`${parent}/`);

/** Whether a branch was ruled out by the kind of value that stands there: text for a list, another word. */
const isOtherKind = (choice: ErrorObject, errors: readonly ErrorObject[]): boolean =>
  errors.some(
    (error) => error.instancePath === choice.instancePath && (error.keyword === 'type' || error.keyword === 'const'),
  );

const reduceChoice = (choice: ErrorObject, inner: readonly ErrorObject[]): readonly ErrorObject[] => {
  const branches = branchesOf(choice);
  if (saidWhole(branches)) return [choice];
  const groups = branches.map((_branch, index) =>
    inner.filter((error) => isUnder(error.schemaPath, `${choice.schemaPath}/${index}`)),
  );
  const meant = groups.filter((group) => group.length > 0 && !isOtherKind(choice, group));
  if (meant.length === 0) return [choice];
  return meant.reduce((best, group) => (group.length < best.length ? group : best));
};

/**
 * Errors in the validator's order, which puts those of the branches right before that of the choice:
 * inner choices are reduced before outer ones.
 */
export const reduceErrors = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const kept: ErrorObject[] = [];
  for (const error of errors) {
    // The errors of `then` tell it already.
    if (error.keyword === 'if') continue;
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') {
      kept.push(error);
      continue;
    }
    let first = kept.length;
    const isInner = (other: ErrorObject | undefined): boolean =>
      other !== undefined &&
      isUnder(other.schemaPath, error.schemaPath) &&
      isUnder(other.instancePath, error.instancePath);
    while (isInner(kept[first - 1])) first -= 1;
    kept.push(...reduceChoice(error, kept.splice(first)));
  }
  return kept;
};
