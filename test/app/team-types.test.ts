import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/program.ts';
import type { Project, TypeSpec } from '../../src/domain/project.ts';
import { baseType, pipelineFor, projectFor, withTypes } from '../../src/domain/team-types.ts';
import { documentStory } from '../fixtures/document-story.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { commit, put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';

const lockstep = async (cwd: string, ...argv: readonly string[]): Promise<{ code: number; said: string }> => {
  const said: string[] = [];
  const out = (line: string): void => void said.push(line);
  const code = await runCommand(machineWorld(cwd, { out, err: out }), argv);
  return { code, said: said.join('\n') };
};

const types: Readonly<Record<string, TypeSpec>> = {
  comfyui: { extends: 'site-packages', pipeline: 'documents', detect: [] },
  plain: { extends: 'source', pipeline: null, detect: [] },
};

describe('a type of the team', () => {
  it('behaves as the one that it extends, with a pipeline and places of its own', () => {
    expect(['comfyui', 'plain', 'source', 'toString'].map((type) => baseType(types, type))).toEqual([
      'site-packages',
      'source',
      'source',
      'toString',
    ]);
    expect(pipelineFor({ types }, { type: 'comfyui' })).toBe('documents');
    expect(pipelineFor({ types }, { type: 'comfyui', pipeline: 'own' })).toBe('own');
    expect(pipelineFor({ types }, { type: 'plain' })).toBe('source');
    expect(pipelineFor({ types }, { type: 'source' })).toBe('source');

    const sources = (into: Project['components'][number]['sources'][number]['into']) => [
      { from: ['docs'], into, exclude: [] },
    ];
    const parts = withTypes(
      {
        components: [
          { name: 'docs', onConflict: 'keep', sources: sources({ 'site-packages': 'a', comfyui: 'b' }) },
          { name: 'plans', onConflict: 'keep', sources: sources({ 'site-packages': 'c' }) },
          { name: 'rag', onConflict: 'keep', sources: sources('d') },
        ],
        config: [{ from: 'x.toml', into: { source: 'e' }, strategies: {} }],
      },
      types,
    );
    const places = ({ components, config }: Pick<Project, 'components' | 'config'>) => [
      ...components.map((spec) => spec.sources[0]?.into),
      config[0]?.into,
    ];
    expect(places(parts)).toEqual([
      { 'site-packages': 'a', comfyui: 'b' },
      { 'site-packages': 'c', comfyui: 'c' },
      'd',
      { source: 'e', plain: 'e' },
    ]);
    const project = { ...parts, types } as unknown as Project;
    expect(places(projectFor(project, 'comfyui')).slice(0, 2)).toEqual([
      { 'site-packages': 'b', comfyui: 'b' },
      { 'site-packages': 'c', comfyui: 'c' },
    ]);
    expect(projectFor(project, 'site-packages')).toBe(project);
  });
});

const withConfig = (main: string, change: (config: string) => string): void =>
  put(main, { 'sync.config.yaml': change(text(main, 'sync.config.yaml')) });

it('is found by its marks, synced to its own places by its own pipeline, and shown under its name', async () => {
  const { main, target, documents } = documentStory(temporary('types'));
  withConfig(
    main,
    (config) =>
      `${config.replace('source: opencode-main/docs }', 'comfyui: custom_nodes/opencode/docs }').replace('source: opencode-main }', 'comfyui: custom_nodes/opencode }')}
types:
  comfyui: { extends: site-packages, pipeline: documents, detect: ["custom_nodes/**"] }
`,
  );
  expect(text(main, 'sync.config.yaml')).toContain('comfyui: custom_nodes/opencode/docs');
  put(main, {
    'pipelines/documents.yaml': text(main, 'pipelines/documents.yaml').replace(
      'uses: copy, with: { components: [docs, plans, rag] }',
      'uses: copy, with: { components: [docs, plans, rag] }, if: "target.type == \'comfyui\'"',
    ),
  });
  commit(main, 'feat: a type of our own');
  put(target, { 'custom_nodes/other/a.py': '' });
  expect(await lockstep(main, 'validate')).toMatchObject({ code: 0 });
  expect(await lockstep(main, 'target', 'remove', 'app').then(({ said }) => said)).toContain('app');

  const added = await lockstep(main, 'target', 'add', 'app', '--path', '../app');
  expect(added).toMatchObject({ code: 0 });
  expect(added.said).toContain('type comfyui: there is custom_nodes/**');
  expect(JSON.parse(text(main, '.git/lockstep/registry.json'))).toMatchObject({
    targets: [{ name: 'app', type: 'comfyui' }],
  });
  expect((await lockstep(main, 'pipeline', 'show', 'app')).said).toContain('the pipeline documents of target app');

  const synced = await lockstep(main, 'sync', 'run', '--target', 'app');
  expect(synced.code, synced.said).toBe(0);
  expect(existsSync(join(target, 'custom_nodes/opencode/docs/INDEX.md'))).toBe(true);
  expect(existsSync(join(documents, 'INDEX.md'))).toBe(false);
  expect(existsSync(join(documents, '../plans'))).toBe(true);
  const again = await lockstep(main, 'sync', 'status', '--json');
  expect(again.said).toContain('"type":"comfyui"');
  expect(again.said).toContain('synchronized');
});

it('is taken by name, and an unknown one is told with all there are', async () => {
  const main = sampleMain(join(temporary('types'), 'main'));
  withConfig(
    main,
    (config) => `${config}\ntypes:\n  comfyui: { extends: site-packages, detect: ["custom_nodes/**"] }\n`,
  );
  for (const name of ['a', 'b']) put(main, { [`../${name}/site-packages/x.py`]: '' });
  expect(await lockstep(main, 'target', 'add', 'a', '--path', '../a', '--type', 'comfyui')).toMatchObject({ code: 0 });
  expect(await lockstep(main, 'target', 'add', 'b', '--path', '../b')).toMatchObject({ code: 0 });
  expect(JSON.parse(text(main, '.git/lockstep/registry.json'))).toMatchObject({
    targets: [{ type: 'comfyui' }, { type: 'site-packages' }],
  });
  expect(await lockstep(main, 'target', 'update', 'b', '--type', 'comfyui')).toMatchObject({ code: 0 });
  const { code, said } = await lockstep(main, 'target', 'update', 'b', '--type', 'comfyuu');
  expect(code).toBe(2);
  expect(said).toContain('the types are: site-packages, source, comfyui');
});

it('is checked where it is written', async () => {
  const main = sampleMain(join(temporary('types'), 'main'));
  put(main, {
    'sync.config.yaml': `version: 1
project: { name: opencode-ai, package: src/opencode, import: opencode }
types:
  comfyui: { extends: site-packages, pipeline: sit-packages, detect: ["../**"] }
  source: { extends: site-packages }
  other: { extends: comfyui }
components:
  docs: { from: docs, into: { comfyu: docs } }
`,
  });
  const { code, said } = await lockstep(main, 'validate');
  expect(code).toBe(2);
  for (const line of [
    'sync.config.yaml:4:71: `../**` must not climb out with `..`',
    'sync.config.yaml:5:3: `source` is a built-in type: give this one another name',
    'sync.config.yaml:6:21: must be site-packages or source, not `comfyui`',
    'sync.config.yaml:8:31: unknown key `comfyu`; did you mean `comfyui`?',
    'sync.config.yaml:4:48: there is no pipeline named `sit-packages`; did you mean `site-packages`?',
  ])
    expect(said).toContain(line);
});
