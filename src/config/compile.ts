/** Makes a check out of a schema. A build wraps this file: it knows a quick check of our own schemas beforehand. */
import type { TSchema } from '@sinclair/typebox';
import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';

/**
 * To check the schemas against their own meta schema, or to shorten code that runs once, takes several times what it
 * saves. `test/config/schemas.test.ts` does the first.
 */
export const checkOptions: Options = {
  strict: false,
  validateFormats: false,
  logger: false,
  meta: false,
  validateSchema: false,
  addUsedSchema: false,
  code: { optimize: false },
};

let ajv: Ajv2020 | undefined;

/** A check that says everything that is wrong. Throws Ajv's own error for what is no schema. */
export const compile = (schema: TSchema): ValidateFunction => {
  ajv ??= new Ajv2020({ ...checkOptions, allErrors: true, verbose: true });
  return ajv.compile(schema);
};

/** Whether the value is as the schema says, by a check made when the program was built; undefined where there is none. */
export const passes = (_schema: TSchema, _value: unknown): boolean | undefined => undefined;
