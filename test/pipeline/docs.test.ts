import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { changesNames, runNames, targetNames } from '../../src/config/facts.ts';
import { namesIn } from '../../src/config/known-names.ts';
import { loadProject } from '../../src/config/load.ts';
import { pipelineSchema } from '../../src/config/pipeline-schema.ts';
import { checkAgainst } from '../../src/config/validate.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { expressionProblems } from '../../src/pipeline/config-expressions.ts';
import { checkPipelines, loadPipeline } from '../../src/pipeline/load.ts';
import { stepKinds } from '../../src/steps/index.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

const page = readFileSync(new URL('../../docs/pipelines.md', import.meta.url), 'utf8');
/** The YAML blocks, without the indent of a list that holds them. */
const examples = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', text = '']) =>
  text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
);
const [configuration = '', ...rest] = examples.filter((text) => text.startsWith('types:'));
const pipelines = examples.filter((text) => !text.startsWith('types:'));
const nameOf = (text: string): string => /^name: (.*)$/m.exec(text)?.[1] ?? '';

it('docs/pipelines.md shows pipelines that load, in the eyes of the loader and of editors', () => {
  expect(pipelines.length).toBeGreaterThanOrEqual(5);
  const root = temporary('docs');
  put(root, Object.fromEntries(pipelines.map((text) => [`pipelines/${nameOf(text)}.yaml`, text])));
  const place = { files: diskFiles(() => undefined), root, known: namesIn({ components: { docs: {} } }) };
  expect(checkPipelines(place)).toEqual([]);
  for (const text of pipelines) {
    expect(loadPipeline({ ...place, name: nameOf(text) }).steps.length).toBeGreaterThan(0);
    expect(checkAgainst(pipelineSchema, parseYaml(text, `${nameOf(text)}.yaml`)).map(({ message }) => message)).toEqual(
      [],
    );
  }
});

it('docs/pipelines.md shows a type that loads', () => {
  expect(rest).toEqual([]);
  const root = temporary('docs');
  put(root, { 'sync.config.yaml': `version: 1\nproject: { name: opencode-ai }\n${configuration}` });
  const project = loadProject({
    files: diskFiles(() => undefined),
    root,
    configPath: `${root}/sync.config.yaml`,
    stateDir: `${root}/.git/lockstep`,
    expressionProblems,
  });
  expect(project.types).toEqual({
    comfyui: { extends: 'site-packages', pipeline: 'comfyui', detect: ['custom_nodes/**'] },
  });
});

it('docs/pipelines.md names every step kind and every name of expressions', () => {
  const names = [
    ...stepKinds.map(({ name }) => name),
    ...Object.keys(targetNames),
    ...Object.keys(runNames),
    ...Object.keys(changesNames.values),
  ];
  for (const name of names) expect(page, name).toContain(`\`${name}\``);
  for (const name of Object.keys(changesNames.calls)) expect(page, name).toContain(`\`${name}(`);
});
