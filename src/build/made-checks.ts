/** Checks of the schemas that are known when the program is built, as code: making them takes longer than most commands. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TSchema } from '@sinclair/typebox';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import type { Plugin } from 'esbuild';
import { checkOptions } from '../config/compile.ts';
import { configSchema } from '../config/config-schema.ts';
import { planSchema } from '../config/plan-schema.ts';
import { stepKinds } from '../steps/index.ts';

const known: readonly TSchema[] = [configSchema, planSchema, ...stepKinds.map((kind) => kind.with)];

/** Says yes or no, at the first fault: who needs to know all of them has them looked for again. */
const codeOf = (schema: TSchema): string => {
  const ajv = new Ajv2020({ ...checkOptions, messages: false, code: { optimize: true, source: true } });
  return standalone.default(ajv, ajv.compile(schema));
};

/** By the schema's own text: one that is not known, or differs by a letter, has no quick check. */
const wrapper = (digests: Iterable<string>): string => `
import { createHash } from 'node:crypto';
const checks = {
${[...digests].map((digest) => `  '${digest}': () => require('made-check:${digest}'),`).join('\n')}
};
export const passes = (schema, value) => {
  const digest = createHash('sha256').update(JSON.stringify(schema)).digest('hex');
  return checks[digest]?.()(value);
};
export const compile = (schema) => require('made-check:compile').compile(schema);
`;

/** Wraps `config/compile.ts`, which comes to run only where a quick check says no or there is none. */
export const madeChecks = (root: string): Plugin => ({
  name: 'made-checks',
  setup: (build) => {
    const schemas = new Map(
      known.map((schema) => [createHash('sha256').update(JSON.stringify(schema)).digest('hex'), schema]),
    );
    const resolveDir = join(root, 'src/config');
    build.onResolve({ filter: /^\.\/compile\.ts$/ }, () => ({ path: 'wrapper', namespace: 'made-check' }));
    build.onResolve({ filter: /^made-check:/ }, ({ path: name }) => {
      const path = name.slice('made-check:'.length);
      return path === 'compile' ? { path: join(resolveDir, 'compile.ts') } : { path, namespace: 'made-check' };
    });
    build.onLoad({ filter: /.*/, namespace: 'made-check' }, ({ path }) => {
      const schema = schemas.get(path);
      return { resolveDir, contents: schema === undefined ? wrapper(schemas.keys()) : codeOf(schema) };
    });
  },
});
