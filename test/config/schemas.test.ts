import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { checkKinds } from '../../src/checks/index.ts';
import { pipelineSchema } from '../../src/config/pipeline-schema.ts';
import { jsonSchemas } from '../../src/config/schema.ts';
import { checkAgainst } from '../../src/config/validate.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { stepKinds } from '../../src/steps/index.ts';
import { formatRegistry } from '../../src/store/registry.ts';

const schemas = jsonSchemas();
const accepts = (name: string, value: unknown): string => {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
  const validate = ajv.compile(schemas[name] ?? false);
  return validate(value) ? 'valid' : ajv.errorsText(validate.errors);
};
const pipelineProblems = (text: string): readonly string[] =>
  checkAgainst(pipelineSchema, parseYaml(text, 'pipelines/p.yaml')).map(
    ({ line, column, message }) => `${line}:${column}: ${message}`,
  );

describe('schemas/', () => {
  it.each(Object.keys(schemas))('%s is what the schema objects say (npm run schemas writes it)', async (name) => {
    await expect(`${JSON.stringify(schemas[name], undefined, 2)}\n`).toMatchFileSnapshot(`../../schemas/${name}`);
  });

  it.each(Object.keys(schemas))('%s is a schema, as the meta schema says', (name) => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    expect(ajv.validateSchema(schemas[name] ?? false)).toBe(true);
  });

  it('names every step kind and check kind with its summary', () => {
    const pipeline = JSON.stringify(schemas['pipeline.schema.json']);
    const config = JSON.stringify(schemas['sync.config.schema.json']);
    for (const kind of stepKinds) expect(pipeline).toContain(JSON.stringify(kind.summary));
    for (const kind of checkKinds) expect(config).toContain(JSON.stringify(kind.summary));
  });

  it('accepts a registry as the store writes it, and fields of a later version', () => {
    const target = { name: 'a', path: '../a', type: 'source', last_sync: null, sync_version: null } as const;
    const text = formatRegistry({ targets: [{ ...target, status: 'unknown', roots: ['/a'] }] });
    expect(accepts('registry.schema.json', JSON.parse(text))).toBe('valid');
    expect(accepts('registry.schema.json', { targets: [{ ...target, later: 1 }] })).toBe('valid');
    expect(accepts('registry.schema.json', { targets: [{ ...target, status: 'fine' }] })).not.toBe('valid');
  });

  it('accepts a receipt', () => {
    const files = { 'docs/a.md': { sha256: 'a', mode: 420, blob: 'b' } };
    const receipt = {
      format: 1,
      project: 'p',
      target: 't',
      commit: null,
      version: null,
      run: 'r',
      time: '2026-02-24T00:00:00Z',
      components: { docs: { commit: 'c', files, dirs: ['docs'] } },
      config: { 'a.toml': { from: 'a.toml', blob: 'b', salt: 's', keys: { '["a"]': 'd' } } },
      decisions: [{ path: 'docs/a.md', choice: 'kept', cause: 'c', main: 'm', owner: 'o' }],
    };
    expect(accepts('receipt.schema.json', receipt)).toBe('valid');
    expect(accepts('receipt.schema.json', { ...receipt, commit: 3 })).not.toBe('valid');
  });
});

describe('the pipeline schema', () => {
  it('accepts a whole pipeline', () => {
    expect(
      pipelineProblems(`name: site-packages
steps:
  - { id: detect,    uses: detect }
  - { id: backup,    uses: backup, with: { components: [package, docs, plans, rag, config] } }
  - { id: reinstall, uses: reinstall, if: "changes.touches('package')", timeout: 5m, retry: { max: 2, backoff: 5s } }
  - { id: docs,      uses: copy, with: { components: [docs, plans, rag] } }
  - { id: config,    uses: merge-config }
  - { id: verify,    uses: verify, with: { suites: [core, integration, docs] } }
  - { id: tag,       uses: tag }
on_failure:
  - { uses: diagnose }
  - { uses: rollback }
  - { uses: verify, with: { suites: [core] } }
`),
    ).toEqual([]);
  });

  it('accepts every pipeline of this repository, each with the line that editors look for', () => {
    const dir = new URL('../../pipelines/', import.meta.url);
    for (const name of existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith('.yaml')) : []) {
      const text = readFileSync(new URL(name, dir), 'utf8');
      expect(pipelineProblems(text), name).toEqual([]);
      expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/schemas\/pipeline\.schema\.json\n/);
    }
  });

  it.each([
    [
      'an option that the step kind does not know',
      'uses: copy, with: { component: [a] }',
      '3:27: unknown key `component`; did you mean `components`?',
    ],
    [
      'an option of the wrong kind',
      'uses: tag, with: { version: 1.2 }',
      '3:35: must be text, not `1.2`: put it in quotes',
    ],
    [
      'a step kind that there is not',
      'uses: coppy',
      '3:13: must be backup, copy, detect, diagnose, merge-config, reinstall, rollback, tag or verify, not `coppy`; did you mean `copy`?',
    ],
    ['no work', 'id: a', '3:5: needs exactly one of `uses`, `run`'],
    ['two works', 'uses: copy, run: [ls]', '3:5: needs exactly one of `uses`, `run`, and has 2'],
    ['what belongs to a run', 'uses: copy, writes: [a]', '3:5: `writes` needs `run` beside it'],
    ['a key that no loader reads', 'uses: copy, wirtes: [a]', '3:19: unknown key `wirtes`; did you mean `writes`?'],
    ['a patch of nothing', 'before: verify, uses: copy', '3:7: unknown key `before`'],
    ['other outputs than JSON', 'run: [ls], outputs: yaml', '3:27: must be json, not `yaml`'],
    ['variables that are none', 'run: [ls], env: { 1A: x }', '3:25: `1A` cannot be a name here'],
    ['a timeout without a unit', 'uses: copy, timeout: 5', '3:28: must be text, not `5`: put it in quotes'],
    [
      'a timeout that is none',
      'uses: copy, timeout: soon',
      '3:28: `soon` does not fit: how long it may take: a number and ms, s, m, h or d, such as 30s',
    ],
  ])('refuses %s, and says nothing else', (_what, step, message) => {
    expect(pipelineProblems(`name: p\nsteps:\n  - { ${step} }\n`)).toEqual([expect.stringContaining(message)]);
  });
});
