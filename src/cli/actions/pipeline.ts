/** `pipeline list`, `show` and `graph`: what a pipeline is, once everything that it extends is put together. */
import { type FoundPipeline, findPipeline, pipelineEntries } from '../../app/pipelines.ts';
import { factsOf, mermaidGraph, textGraph } from '../../pipeline/graph.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { pipelineValue, showPipeline } from '../../pipeline/show.ts';
import type { Call } from '../call.ts';
import { table } from '../render/table.ts';
import { counted } from '../render/times.ts';

export interface ShowOptions {
  readonly origin?: boolean;
}

export interface GraphOptions {
  readonly mermaid?: boolean;
}

export const runPipelineList = async (call: Call): Promise<number> => {
  const pipelines = pipelineEntries(await call.main());
  const { paint } = call;
  const rows = pipelines.map(({ name, from, targets, problems }) => {
    const wrong = from === null ? 'no such pipeline' : counted(problems, 'problem');
    const state = from === null || problems > 0 ? `${paint.bad(wrong)}: lockstep validate` : '';
    const users = targets.length === 0 ? paint.dim('no target') : targets.join(', ');
    return [name, from ?? '', [users, state].filter((part) => part !== '').join('  ')];
  });
  call.answer({ kind: 'pipelines', pipelines }, table(['pipeline', 'from', 'used by'], rows));
  return 0;
};

const chainOf = ({ files }: FoundPipeline): readonly string[] => files.map(({ shownAs }) => shownAs);

/** So that the answer, written to a file of `pipelines/`, is completed and checked by editors. */
const modeline = '# yaml-language-server: $schema=../schemas/pipeline.schema.json';

const widest = 72;

export const runPipelineShow = async (call: Call, word: string, options: ShowOptions): Promise<number> => {
  const main = await call.main();
  const found = findPipeline(main, word);
  const { value, origins } = pipelineValue(found, main.project.secrets);
  const lines = showPipeline(found, main.project.secrets);
  const width = Math.min(widest, Math.max(...lines.map(({ text }) => text.length)));
  const used = found.target === null ? '' : ` of target ${found.target}`;
  call.answer({ kind: 'pipeline', target: found.target, files: chainOf(found), pipeline: value, origins }, [
    modeline,
    call.paint.dim(`# the pipeline ${found.pipeline.name}${used}: ${chainOf(found).join(', which extends ')}`),
    ...lines.map(({ text, origin }) => {
      if (options.origin !== true || origin === undefined) return text;
      const where = origin.line === 0 ? 'by default' : `${origin.file}:${origin.line}`;
      return `${text.padEnd(width)}  ${call.paint.dim(`# ${where}`)}`;
    }),
  ]);
  return 0;
};

const graphObject = ({ name, steps, onFailure, always }: Pipeline): Readonly<Record<string, unknown>> => ({
  name,
  steps: steps.map(factsOf),
  on_failure: onFailure.map(factsOf),
  always: always.map(factsOf),
});

export const runPipelineGraph = async (call: Call, word: string, options: GraphOptions): Promise<number> => {
  const { pipeline, target } = findPipeline(await call.main(), word);
  const mermaid = mermaidGraph(pipeline);
  const object = { kind: 'pipeline-graph', target, ...graphObject(pipeline), mermaid: `${mermaid.join('\n')}\n` };
  call.answer(object, options.mermaid === true ? mermaid : textGraph(pipeline));
  return 0;
};
