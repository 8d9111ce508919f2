import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import type { TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { build } from 'esbuild';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { madeChecks } from '../../src/build/made-checks.ts';
import { wrap } from '../../src/build/pack.ts';
import { compile } from '../../src/config/compile.ts';
import { configSchema } from '../../src/config/config-schema.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { stepKinds } from '../../src/steps/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
type Compile = typeof import('../../src/config/compile.ts');
let made: Compile;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export * from './compile.ts'", resolveDir: join(root, 'src/config') },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    plugins: [madeChecks(root)],
    write: false,
  });
  const module: { exports: unknown } = { exports: {} };
  new Script(wrap(outputFiles[0]?.text ?? '')).runInThisContext()({}, createRequire(import.meta.url), module);
  made = module.exports as Compile;
});

const config = `version: 1
project: { name: app }
categories:
  docs: { priority: medium, paths: ['docs/**'] }
components:
  docs: { from: docs, into: docs }
config:
  - { from: a.toml, into: a.toml, strategies: { data_dir: keep } }
hooks: { post-merge: off }
`;
const readable = (text: string): unknown => parseYaml(text, 'sync.config.yaml').value;

it('says of a configuration, and of each part of it that is spoilt, what the whole check says', () => {
  const whole = compile(configSchema);
  expect(made.passes(configSchema, readable(config))).toBe(true);
  const spoilt = [...config.matchAll(/[a-z_-]+|[0-9]/g)].map(({ index, 0: word }) => {
    return `${config.slice(0, index)}7x${config.slice(index + word.length)}`;
  });
  for (const text of spoilt) {
    expect([text, made.passes(configSchema, readable(text))]).toEqual([text, whole(readable(text))]);
  }
});

it('says of any value what the whole check says, for every kind of step', () => {
  const words = ['version', 'project', 'name', 'components', 'from', 'into', 'suites', 'categories', 'message', 'only'];
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(1, true, null, 'docs', ''),
      fc.array(tie('any'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...words), tie('any'), { maxKeys: 3 }),
    ),
  })).any;
  for (const schema of [configSchema, ...stepKinds.map((kind) => kind.with)]) {
    const whole = compile(schema);
    fc.assert(fc.property(value, (one) => made.passes(schema, one) === whole(one)));
  }
});

it('knows nothing of a schema that differs by a letter, and tells all that is wrong by the whole check', () => {
  const other: TSchema = Type.Object({ a: Type.String(), b: Type.String() });
  expect(made.passes(other, {})).toBeUndefined();
  const check = made.compile(other);
  expect(check({})).toBe(false);
  expect(check.errors).toHaveLength(2);
});
