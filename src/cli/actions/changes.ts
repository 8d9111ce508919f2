/** `sync detect` and `sync checklist`: what changed, and whom it concerns. */
import { type Changes, changesFor, checklistFor } from '../../app/changes.ts';
import type { ChangeRecord, Priority } from '../../domain/change.ts';
import { countFiles } from '../../domain/changes.ts';
import { renderChecklist } from '../../domain/checklist-markdown.ts';
import type { Call } from '../call.ts';
import { optionalChoice } from '../choice.ts';
import type { Paint } from '../render/colours.ts';
import { counted } from '../render/times.ts';
import { somethingToSync } from '../verdict.ts';

export interface DetectOptions {
  readonly since?: string;
  readonly target?: readonly string[];
  readonly exitCode?: boolean;
}

export type ChecklistOptions = Pick<DetectOptions, 'since' | 'target'>;

const shown = 10;

const rest = (count: number): readonly string[] => (count > shown ? [`    … and ${count - shown} more`] : []);

const priorityWord = (priority: Priority, paint: Paint): string => {
  if (priority === 'critical') return paint.bad(priority);
  return priority === 'high' ? paint.look(priority) : priority;
};

const recordLines = (record: ChangeRecord, paint: Paint): readonly string[] => [
  `${paint.strong(record.category ?? 'no category')}  ${priorityWord(record.priority, paint)}  ${counted(record.files.length, 'file')}  ${paint.dim(record.cause)}`,
  ...record.files
    .slice(0, shown)
    .map((file) => `    ${file.status}: ${file.path}${file.from === undefined ? '' : ` (was ${file.from})`}`),
  ...rest(record.files.length),
  ...record.commits.slice(0, shown).map((commit) => `    ${paint.dim(commit.id.slice(0, 10))} ${commit.subject}`),
  ...(record.commits.length > shown ? [`    … and ${counted(record.commits.length - shown, 'more commit')}`] : []),
];

const changesLines = ({ targets, changes }: Changes, paint: Paint): readonly string[] => {
  const whom = targets.length === 0 ? '' : `${targets.join(', ')}: `;
  const to = changes.commit.slice(0, 10);
  const range = changes.base === null ? `everything up to ${to}` : `${changes.base.slice(0, 10)} → ${to}`;
  if (changes.records.length === 0) return [`${whom}nothing changed (${range})`];
  const total = `${counted(countFiles(changes.records), 'file')}, priority ${priorityWord(changes.priority ?? 'low', paint)}`;
  return [
    `${paint.strong(whom)}${range}  ${total}`,
    ...[changes.unknown, changes.note].flatMap((remark) =>
      remark === null || remark === undefined ? [] : [`${paint.look('!')} ${remark}`],
    ),
    ...changes.records.flatMap((record) => recordLines(record, paint)),
  ];
};

/** Exits with 3 when it was asked to and something changed. */
export const runDetect = async (call: Call, options: DetectOptions): Promise<number> => {
  const found = await changesFor(await call.main(), {
    targets: optionalChoice(options.target ?? []),
    since: options.since,
  });
  const something = found.some(({ changes }) => changes.records.length > 0);
  call.answer(
    { kind: 'changes', something, changes: found.map(({ targets, changes }) => ({ targets, ...changes })) },
    found.flatMap((each) => changesLines(each, call.paint)),
  );
  return something && options.exitCode === true ? somethingToSync : 0;
};

export const runChecklist = async (call: Call, options: ChecklistOptions): Promise<number> => {
  const checklist = await checklistFor(await call.main(), {
    targets: optionalChoice(options.target ?? []),
    since: options.since,
  });
  call.answer({ kind: 'checklist', ...checklist }, renderChecklist(checklist));
  return 0;
};
