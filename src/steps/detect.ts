/** `detect`: says in the plan what changed in main since the target was last synced. */
import { Type } from '@sinclair/typebox';
import type { ChangeSet } from '../domain/change.ts';
import type { NoteAction } from '../domain/plan.ts';
import type { StepKind } from './step.ts';

const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`;

const notesOf = ({ base, commit, unknown, records, priority }: ChangeSet): readonly NoteAction[] => {
  const total = new Set(records.flatMap((record) => record.files.map((file) => file.path))).size;
  const range = base === null ? `up to ${commit.slice(0, 10)}` : `${base.slice(0, 10)}..${commit.slice(0, 10)}`;
  const urgent = priority === null ? '' : `, priority ${priority}`;
  return [
    ...(unknown === null ? [] : [{ kind: 'note', sign: '?', text: `all counts as changed: ${unknown}` } as const]),
    ...(total === 0
      ? []
      : [{ kind: 'note', sign: '=', text: `${files(total)} changed in main, ${range}${urgent}` } as const]),
    ...records.map(
      (record) =>
        ({
          kind: 'note',
          sign: '=',
          text: `${record.category ?? 'no category'}: ${files(record.files.length)}, ${record.priority} (${record.cause})`,
        }) as const,
    ),
  ];
};

export const detect: StepKind = {
  name: 'detect',
  summary: 'Shows what changed in the main project since the last sync, by category and priority.',
  with: Type.Object({}, { additionalProperties: false }),
  mutates: false,
  idempotent: true,
  plan: async ({ changes }, _options, id) => {
    const actions = notesOf(changes);
    const since = changes.base === null ? '' : ` since ${changes.base.slice(0, 10)}`;
    const skipped = actions.length > 0 ? null : `nothing changed in main${since}`;
    return { id, uses: 'detect', actions, skipped, patch: {}, warnings: [] };
  },
  // Everything was found while planning.
  apply: async () => undefined,
};
