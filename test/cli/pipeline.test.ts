import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { runCommand } from '../../src/cli/program.ts';
import { builtInPipelines } from '../../src/pipeline/built-in.ts';
import { loadPipeline } from '../../src/pipeline/load.ts';
import { plainPipeline } from '../../src/pipeline/pipeline.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { put, sampleMain, temporary } from '../fixtures/sandbox.ts';

const comfyui = `name: comfyui
description: links our nodes
extends: ./shared/base.yaml
defaults: { timeout: 5m, env: { MODE: fast } }
steps:
  - before: verify
    id: nodes
    run: ["\${{ target.python }}", scripts/link_nodes.py]
    writes: ["custom_nodes/opencode/**"]
    env: { API_KEY: sk-12345678, USER_KEY: "\${{ env.KEY }}" }
    outputs: json
  - replace: verify
    uses: verify
    with: { suites: [core, preflight] }
    if: "steps.nodes.outputs.count > 0 && target.name != 'a \\"b\\" #c'"
  - { remove: tag }
always:
  - { id: tell, run: 'echo "$MODE" | tee -a log', shell: true, timeout: 1m }
`;
const written = {
  'pipelines/comfyui.yaml': comfyui,
  'pipelines/shared/base.yaml': `name: base
extends: site-packages
defaults:
  continue_on_error: true
  retry: { max: 2, backoff: 5s }
steps:
  - after: detect
    id: look
    run:
      - look
      - --hard
`,
  'pipelines/broken.yaml': 'name: broken\nsteps: [{ uses: cpoy }, { uses: taag }]\n',
};

let main = '';

const project = (): string => {
  main = sampleMain(join(temporary('pipeline'), 'main'));
  const target = (name: string, more: object = {}) => ({
    name,
    path: `../${name}`,
    type: 'site-packages',
    last_sync: null,
    sync_version: null,
    status: 'unknown',
    ...more,
  });
  put(main, {
    ...written,
    'sync.config.yaml': 'version: 1\nproject: { name: opencode-ai, package: src/opencode, import: opencode }\n',
    '.git/lockstep/registry.json': JSON.stringify({
      targets: [target('app'), target('studio', { pipeline: 'comfyui' }), target('lost', { pipeline: 'gone' })],
    }),
  });
  return main;
};
const lockstep = async (
  ...argv: readonly string[]
): Promise<{ code: number; out: readonly string[]; err: readonly string[] }> => {
  const out: string[] = [];
  const err: string[] = [];
  const world = machineWorld(main, {
    out: (text) => void out.push(...text.split('\n')),
    err: (text) => void err.push(...text.split('\n')),
  });
  return { code: await runCommand(world, ['pipeline', ...argv]), out, err };
};

it('lists every pipeline, where it comes from, who uses it, and what is wrong with it', async () => {
  project();
  const { code, out } = await lockstep('list');
  expect(code).toBe(0);
  expect(out.map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    'pipeline | from | used by',
    'broken | pipelines/broken.yaml | no target | 2 problems: lockstep validate',
    'comfyui | pipelines/comfyui.yaml | studio',
    'gone | lost | no such pipeline: lockstep validate',
    'site-packages | built-in/site-packages.yaml | app',
    'source | built-in/source.yaml | no target',
  ]);
  const json = JSON.parse((await lockstep('list', '--json')).out[0] ?? '') as { pipelines: readonly object[] };
  expect(json.pipelines[1]).toEqual({
    name: 'comfyui',
    from: 'pipelines/comfyui.yaml',
    targets: ['studio'],
    problems: 0,
  });
});

describe('show', () => {
  it('says of each line where it comes from, whichever file that is', async () => {
    project();
    const { code, out } = await lockstep('show', 'studio', '--origin');
    expect(code).toBe(0);
    expect(out.slice(0, 2)).toEqual([
      '# yaml-language-server: $schema=../schemas/pipeline.schema.json',
      '# the pipeline comfyui of target studio: pipelines/comfyui.yaml, which extends pipelines/shared/base.yaml, which extends built-in/site-packages.yaml',
    ]);
    const lines = out.slice(2).map((line) => line.replace(/ {2,}# /, ' # '));
    for (const line of lines) expect(line).toMatch(/ # ((pipelines|built-in)\/[\w./-]+:\d+|by default)$/);
    expect(lines.slice(0, 9)).toEqual([
      'name: comfyui # pipelines/comfyui.yaml:1',
      'description: links our nodes # pipelines/comfyui.yaml:2',
      'steps: # pipelines/comfyui.yaml:5',
      '  - id: detect # built-in/site-packages.yaml:5',
      '    uses: detect # built-in/site-packages.yaml:5',
      '    timeout: 5m # pipelines/comfyui.yaml:4',
      '    retry: # pipelines/shared/base.yaml:5',
      '      max: 2 # pipelines/shared/base.yaml:5',
      '      backoff: 5s # pipelines/shared/base.yaml:5',
    ]);
    const nodes = lines.findIndex((line) => line.includes('id: nodes'));
    expect(lines.slice(nodes, nodes + 10)).toEqual([
      '  - id: nodes # pipelines/comfyui.yaml:7',
      '    run: ["${{ target.python }}", scripts/link_nodes.py] # pipelines/comfyui.yaml:8',
      '    writes: [custom_nodes/opencode/**] # pipelines/comfyui.yaml:9',
      '    outputs: json # pipelines/comfyui.yaml:11',
      '    env: # pipelines/comfyui.yaml:4',
      '      MODE: fast # pipelines/comfyui.yaml:4',
      '      API_KEY: ••• # pipelines/comfyui.yaml:10',
      '      USER_KEY: ${{ env.KEY }} # pipelines/comfyui.yaml:10',
      '    timeout: 5m # pipelines/comfyui.yaml:4',
      '  - id: verify # pipelines/comfyui.yaml:12',
    ]);
    expect(lines).toContain('      - --hard # pipelines/shared/base.yaml:11');
    expect(lines).toContain('    timeout: 1m # pipelines/comfyui.yaml:18');
  });

  it.each(['comfyui', 'site-packages', 'source', 'plain'])('%s loads again as the very same pipeline', async (name) => {
    project();
    put(main, {
      'pipelines/comfyui.yaml': comfyui.replace('sk-12345678', '"${{ env.OTHER }}"'),
      'pipelines/plain.yaml': 'name: plain\ndefaults: { timeout: 5m }\nsteps: [{ uses: detect }]\n',
    });
    const files = diskFiles(() => undefined);
    const before = plainPipeline(loadPipeline({ files, root: main, name }));
    for (const more of [[], ['--origin']]) {
      const { out } = await lockstep('show', name, ...more);
      const root = temporary('again');
      put(root, { [`pipelines/${name}.yaml`]: out.join('\n') });
      expect(plainPipeline(loadPipeline({ files, root, name }))).toEqual(before);
    }
    expect(Object.keys(builtInPipelines)).toContain('source');
  });

  it('gives programs the value and the place of each part of it', async () => {
    project();
    const shown = JSON.parse((await lockstep('show', 'comfyui', '--json')).out[0] ?? '') as {
      readonly pipeline: { readonly steps: readonly { readonly id: string }[] };
      readonly origins: readonly object[];
    };
    expect(shown).toMatchObject({ kind: 'pipeline', target: null });
    expect(shown.pipeline.steps.map(({ id }) => id)).toEqual([
      'detect',
      'look',
      'backup',
      'reinstall',
      'docs',
      'config',
      'nodes',
      'verify',
    ]);
    expect(shown.origins).toContainEqual({ pointer: '/steps/6/run/1', file: 'pipelines/comfyui.yaml', line: 8 });
    expect(JSON.stringify(shown)).not.toContain('sk-1234');
  });

  it('shows every mistake, with its line, instead of half a pipeline', async () => {
    project();
    const { code, err } = await lockstep('show', 'broken');
    expect(code).toBe(2);
    expect(err.join('\n')).toContain('pipelines/broken.yaml:2:17: there is no step kind named `cpoy`');
    expect(err.join('\n')).toContain('pipelines/broken.yaml:2:33: there is no step kind named `taag`');
  });

  it('knows what was meant', async () => {
    project();
    const { code, err } = await lockstep('show', 'studoi');
    expect(code).toBe(2);
    expect(err.join('\n')).toContain('did you mean studio?');
    expect((await lockstep('show', 'lost')).err.join('\n')).toContain('there is no pipeline named gone');
  });
});

describe('graph', () => {
  it('draws the steps in their order', async () => {
    project();
    const { code, out } = await lockstep('graph', 'comfyui');
    expect(code).toBe(0);
    expect(out).toEqual([
      'comfyui',
      '├─ detect     at most 5m; 2 more tries; a failure is a warning',
      '├─ look       run look --hard; at most 5m; a failure is a warning',
      '├─ backup     at most 5m; 2 more tries',
      "├─ reinstall  if changes.touches('package'); at most 5m; 2 more tries",
      '├─ docs       copy; at most 5m; 2 more tries',
      '├─ config     merge-config; at most 5m; 2 more tries',
      '├─ nodes      run ${{ target.python }} scripts/link_nodes.py; writes custom_nodes/opencode/**; at most 5m',
      `├─ verify     if steps.nodes.outputs.count > 0 && target.name != 'a "b" #c'; at most 5m; 2 more tries; a failure is a warning; reads nodes`,
      '└─ done',
      'a step failed',
      '├─ diagnose  at most 5m; 2 more tries; a failure is a warning',
      '├─ rollback  at most 5m; 2 more tries; a failure is a warning',
      '└─ verify    at most 5m; 2 more tries; a failure is a warning',
      'always, last',
      '└─ tell  run echo "$MODE" | tee -a log; at most 1m; a failure is a warning',
    ]);
  });

  it.each([
    'comfyui',
    'source',
    'bare',
  ])('draws %s in Mermaid: known lines, known nodes, nothing that breaks out of a label', async (name) => {
    project();
    put(main, { 'pipelines/bare.yaml': 'name: bare\nsteps: [{ uses: detect }]\non_failure: []\n' });
    const { out } = await lockstep('graph', name, '--mermaid');
    const label = '"[^"<>`]*(?:<br/>[^"<>`]*)*"';
    const shapes = [
      /^flowchart TB$/,
      /^ {4}direction TB$/,
      /^ {2}end$/,
      new RegExp(`^ {2}subgraph \\w+ \\[${label}\\]$`),
      new RegExp(`^ +\\w+\\(?\\[${label}\\]\\)?$`),
      /^ +\w+ --> \w+$/,
      /^ {2}\w+ -\. ("[^"]*"|\w+) \.-> \w+$/,
    ];
    for (const line of out)
      expect(
        shapes.some((shape) => shape.test(line)),
        line,
      ).toBe(true);
    const named = new Set(out.flatMap((line) => /^ +(?:subgraph )?(\w+) ?\(?\[/.exec(line)?.[1] ?? []));
    const used = out.flatMap((line) => /^ +(\w+) (?:-->|-\. .* \.->) (\w+)$/.exec(line)?.slice(1) ?? []);
    expect(used.filter((node) => !named.has(node))).toEqual([]);
    expect(out.filter((line) => line.startsWith('  subgraph')).length).toBe(
      out.filter((line) => line === '  end').length,
    );
    if (name === 'comfyui') {
      expect(out).toContain('  body6 -. outputs .-> body7');
      expect(out.join('\n')).toContain("target.name != 'a #34;b#34; #35;c'");
    }
  });

  it('gives programs the steps and the drawing', async () => {
    project();
    const graph = JSON.parse((await lockstep('graph', 'studio', '--json')).out[0] ?? '') as {
      readonly steps: readonly object[];
    };
    expect(graph).toMatchObject({ kind: 'pipeline-graph', target: 'studio', name: 'comfyui' });
    expect(graph.steps[7]).toMatchObject({ id: 'verify', reads: ['nodes'] });
  });
});
