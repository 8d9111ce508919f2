/** Checks a YAML file against a schema: every problem at once, each the one a person would name, none of the validator's noise. */
import type { TSchema } from '@sinclair/typebox';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import { compile, passes } from './compile.ts';
import { describeError, keyAt } from './describe-error.ts';
import { type Problem, renderProblem } from './problem.ts';
import { reduceErrors } from './reduce-errors.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** More than this many are not worth finding the place of. */
const most = 200;

const compiled = new WeakMap<TSchema, ValidateFunction>();

const validatorOf = (schema: TSchema): ValidateFunction => {
  const found = compiled.get(schema);
  if (found !== undefined) return found;
  const made = compile(schema);
  compiled.set(schema, made);
  return made;
};

/** The keys and indexes of a JSON pointer. */
const pathOf = (pointer: string): YamlPath =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));

/** Drops `missing sources` where `source` stands: one slip, one message. */
const withoutEchoes = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const unknown = errors.filter((error) => error.keyword === 'additionalProperties');
  return errors.filter(
    (error) =>
      error.keyword !== 'required' ||
      !unknown.some(
        (other) =>
          other.instancePath === error.instancePath &&
          nearestName(String(other.params.additionalProperty), [String(error.params.missingProperty)]) !== undefined,
      ),
  );
};

/**
 * Problems of the YAML and, where it can be read, of what it says.
 * Empty means that `yaml.value` has the schema's static type.
 */
export const checkAgainst = (schema: TSchema, yaml: YamlFile): readonly Problem[] => {
  if (!yaml.readable) return yaml.problems;
  if (passes(schema, yaml.value) === true) return yaml.problems;
  const validate = validatorOf(schema);
  if (validate(yaml.value)) return yaml.problems;
  const errors = withoutEchoes(reduceErrors(validate.errors ?? []).slice(0, most));
  const found = errors.map((error) => {
    const key = keyAt(error);
    const path = pathOf(error.instancePath);
    const part = key !== undefined || error.keyword === 'required' ? 'key' : 'value';
    return yaml.problem(key === undefined ? path : [...path, key], describeError(error), part);
  });
  const seen = new Set<string>();
  const fresh = found.filter(({ line, column, message }) => {
    const id = `${line}:${column}:${message}`;
    return seen.has(id) ? false : seen.add(id);
  });
  return [...yaml.problems, ...fresh];
};

const newerVersion = ({ value }: YamlFile, known: number): number | undefined => {
  if (value === null || typeof value !== 'object' || !('version' in value)) return undefined;
  const { version } = value;
  return typeof version === 'number' && Number.isInteger(version) && version > known ? version : undefined;
};

/** What is wrong with a file whose `version` is one that a later Lockstep writes, and what to do; undefined for any other. */
export const newerProblem = (yaml: YamlFile, known: number): Problem | undefined => {
  const version = newerVersion(yaml, known);
  if (version === undefined) return undefined;
  return yaml.problem(['version'], `version ${version}; this lockstep knows versions up to ${known}: update lockstep`);
};

/** Throws `format-newer` naming the file when its `version` is one that a later Lockstep writes. */
export const refuseNewer = (yaml: YamlFile, known: number): void => {
  const version = newerVersion(yaml, known);
  if (version === undefined) return;
  throw new LockstepError(
    'format-newer',
    `${yaml.file} has version ${version}; this lockstep knows versions up to ${known}`,
    { hint: 'update lockstep', details: renderProblem(yaml.problem(['version'], 'this version is newer')) },
  );
};
