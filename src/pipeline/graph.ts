/** A pipeline as a picture: a tree of text for a terminal, or Mermaid for a page. */
import { formatDuration } from '../domain/duration.ts';
import { withoutUserInfo } from '../domain/secrets.ts';
import { stepsReadBy } from './expressions.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';
import { stepsReadIn } from './templates.ts';

/** What a picture says of a step. */
export interface StepFacts {
  readonly id: string;
  /** Its kind, or the command line of a `run`. */
  readonly work: string;
  readonly notes: readonly string[];
  /** Ids of earlier steps whose outputs it reads. */
  readonly reads: readonly string[];
}

const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(textsIn);
};

const longestCommand = 60;

const workOf = ({ uses, with: { argv, script } }: PipelineStep): string => {
  if (uses !== 'run') return uses;
  const command = Array.isArray(argv) ? argv.join(' ') : String(script);
  const line = withoutUserInfo(command).replace(/\s+/g, ' ').trim();
  return `run ${line.length > longestCommand ? `${line.slice(0, longestCommand - 1)}…` : line}`;
};

/** What a picture says of a step, as plain data. */
export const factsOf = (step: PipelineStep): StepFacts => {
  const { id, timeout, retry, continueOnError } = step;
  const { writes } = step.with;
  const reads = [...stepsReadBy(step.if?.source ?? ''), ...textsIn([step.with, step.env]).flatMap(stepsReadIn)];
  return {
    id,
    work: workOf(step),
    notes: [
      ...(step.if === undefined ? [] : [`if ${step.if.source}`]),
      ...(Array.isArray(writes) && writes.length > 0 ? [`writes ${writes.join(', ')}`] : []),
      ...(timeout === undefined ? [] : [`at most ${formatDuration(timeout)}`]),
      ...(retry === undefined || retry.max === 0 ? [] : [`${retry.max} more ${retry.max === 1 ? 'try' : 'tries'}`]),
      ...(continueOnError ? ['a failure is a warning'] : []),
    ],
    reads: [...new Set(reads)],
  };
};

const branches = (steps: readonly PipelineStep[], indent: string, ending: 'open' | 'closed'): readonly string[] => {
  const facts = steps.map(factsOf);
  const width = Math.max(0, ...facts.map(({ id }) => id.length));
  return facts.map(({ id, work, notes, reads }, index) => {
    const turn = ending === 'closed' && index === facts.length - 1 ? '└─' : '├─';
    const said = [
      ...(work === id ? [] : [work]),
      ...notes,
      ...(reads.length === 0 ? [] : [`reads ${reads.join(', ')}`]),
    ];
    return `${indent}${turn} ${id.padEnd(width)}  ${said.join('; ')}`.trimEnd();
  });
};

/** What happens after a failure in any case. */
const undoing = 'everything is undone';

/** Lines for a terminal: top to bottom is the order in which the steps run. */
export const textGraph = ({ name, steps, onFailure, always }: Pipeline): readonly string[] => [
  name,
  ...branches(steps, '', 'open'),
  '└─ done',
  'a step failed',
  ...(onFailure.length === 0 ? [`└─ ${undoing}`] : branches(onFailure, '', 'closed')),
  ...(always.length === 0 ? [] : ['always, last', ...branches(always, '', 'closed')]),
];

/** Text inside of `"…"`: Mermaid reads entities there, and Markdown after a backtick. */
const label = (text: string): string =>
  text.replace(/[\s\p{Cc}]+/gu, ' ').replace(/[#"<>`&\\]/g, (letter) => `#${letter.codePointAt(0)};`);

interface Group {
  readonly key: 'body' | 'failed' | 'always';
  readonly title: string;
  readonly steps: readonly PipelineStep[];
}

const nodeName = ({ key }: Group, index: number): string => `${key}${index}`;

const groupLines = (group: Group): readonly string[] => [
  `  subgraph ${group.key} ["${label(group.title)}"]`,
  '    direction TB',
  ...group.steps.map((step, index) => {
    const { id, work, notes } = factsOf(step);
    const lines = [work === id ? id : `${id}: ${work}`, ...notes].map(label);
    return `    ${nodeName(group, index)}["${lines.join('<br/>')}"]`;
  }),
  ...(group.steps.length === 0 ? [`    ${nodeName(group, 0)}["${undoing}"]`] : []),
  ...group.steps.slice(1).map((_step, index) => `    ${nodeName(group, index)} --> ${nodeName(group, index + 1)}`),
  '  end',
];

/** The arrows from steps to those that read their outputs. */
const readLines = (groups: readonly Group[]): readonly string[] => {
  const body = groups[0];
  return groups.flatMap((group) =>
    group.steps.flatMap((step, index) =>
      factsOf(step).reads.flatMap((id) => {
        const from = [body, group]
          .flatMap((one) => one?.steps.map((other, at) => ({ one, other, at })) ?? [])
          .find(({ other }) => other.id === id);
        return from === undefined ? [] : [`  ${nodeName(from.one, from.at)} -. outputs .-> ${nodeName(group, index)}`];
      }),
    ),
  );
};

/** A Mermaid flowchart, as GitHub and editors draw it. */
export const mermaidGraph = ({ name, steps, onFailure, always }: Pipeline): readonly string[] => {
  const body: Group = { key: 'body', title: name, steps };
  const groups: readonly Group[] = [
    body,
    { key: 'failed', title: 'a step failed', steps: onFailure },
    ...(always.length === 0 ? [] : [{ key: 'always', title: 'always, last', steps: always } as const]),
  ];
  return [
    'flowchart TB',
    ...groups.flatMap(groupLines),
    '  done(["done"])',
    '  undone(["undone"])',
    '  body --> done',
    '  body -. "a step failed" .-> failed',
    '  failed --> undone',
    ...(always.length === 0 ? [] : ['  done --> always', '  undone --> always']),
    ...readLines(groups),
  ];
};
