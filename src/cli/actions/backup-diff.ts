/** `backup diff`: what differs from a backup to another one, or to the target as it stands now. */
import { type Comparison, compareBackups, compareWithTarget } from '../../app/backups/compare.ts';
import { findBackup } from '../../app/backups/find.ts';
import type { BackupChange, Difference } from '../../domain/backup-diff.ts';
import type { FileState } from '../../domain/file-state.ts';
import type { Call } from '../call.ts';
import { type Paint, paintSign } from '../render/colours.ts';
import { bytes, counted } from '../render/times.ts';

const signs = { added: '+', removed: '-', changed: '~', touched: '=' } as const;

const octal = (state: FileState): string => ('mode' in state ? state.mode.toString(8).padStart(4, '0') : '');
const kindText: Readonly<Record<FileState['kind'], string>> = {
  absent: 'nothing',
  file: 'file',
  link: 'link',
  dir: 'folder',
  other: 'no file',
};
const sizeText = (state: FileState): string => {
  if (state.kind === 'file') return bytes(state.size);
  return state.kind === 'link' ? `→ ${state.to}` : kindText[state.kind];
};

const differenceText = (one: Difference, { before, after }: BackupChange): string => {
  switch (one) {
    case 'kind':
      return `${kindText[before.kind]} → ${kindText[after.kind]}`;
    case 'content':
      return `content ${sizeText(before)} → ${sizeText(after)}`;
    case 'mode':
      return `mode ${octal(before)} → ${octal(after)}`;
    case 'time':
      return 'time';
  }
};

const causeText = (change: BackupChange): string => {
  const { differs, before, after } = change;
  if (change.change === 'added') return sizeText(after);
  if (change.change === 'removed') return sizeText(before);
  return differs.map((one) => differenceText(one, change)).join(', ');
};

const changeLine = (change: BackupChange, paint: Paint): string =>
  `  ${paintSign(paint, signs[change.change])} ${change.path}  ${paint.dim(`${change.component}: ${causeText(change)}`)}`;

const countOf = ({ changes }: Comparison) => {
  const of = (kind: BackupChange['change']): number => changes.filter(({ change }) => change === kind).length;
  return { added: of('added'), changed: of('changed'), removed: of('removed'), touched: of('touched') };
};

/** @param other another backup; the target as it stands now when left out */
export const runDiff = async (call: Call, word: string, other: string | undefined): Promise<number> => {
  const main = await call.main('dry-run');
  const manifest = findBackup(main, word);
  const { signal, env } = call.world;
  const after = other === undefined ? null : findBackup(main, other);
  const comparison =
    after === null ? await compareWithTarget(main, { manifest, signal, env }) : compareBackups(manifest, after);
  const counts = countOf(comparison);
  const names = [manifest.id, after?.id ?? `${manifest.target} as it stands`] as const;
  const touched = counts.touched === 0 ? '' : `, ${counted(counts.touched, 'file')} of another time alone`;
  call.answer(
    {
      kind: 'backup.diff',
      before: manifest.id,
      after: after?.id ?? null,
      target: manifest.target,
      counts,
      ...comparison,
    },
    [
      `from ${names[0]} to ${names[1]}`,
      ...comparison.changes.map((change) => changeLine(change, call.paint)),
      ...comparison.onlyIn.map(
        ({ component, side }) =>
          `${call.paint.look('!')} ${component} is held by ${names[side === 'before' ? 0 : 1]} alone`,
      ),
      comparison.changes.length === 0
        ? 'nothing differs'
        : `+${counts.added} ~${counts.changed} -${counts.removed}${touched}`,
    ],
  );
  return 0;
};
