/** `backup show`: what a backup holds, by component, and whether all of it can be restored. */
import { checkOne } from '../../app/backups/check.ts';
import { findBackup } from '../../app/backups/find.ts';
import type { BackupEntry, BackupManifest } from '../../domain/backup.ts';
import type { LostFile } from '../../store/backups/check.ts';
import type { Call } from '../call.ts';
import { factsOfBackup, filesOf, sizeOf } from '../render/backup-facts.ts';
import { lostLines } from '../render/lost-files.ts';
import { table } from '../render/table.ts';
import { bytes, counted, localTime } from '../render/times.ts';

export interface ShowOptions {
  readonly files?: boolean;
}

const stateText = ({ state }: BackupEntry): string => {
  switch (state.kind) {
    case 'file':
      return bytes(state.size);
    case 'link':
      return `→ ${state.to}`;
    case 'dir':
      return 'folder';
    case 'absent':
      return 'nothing stood here';
    case 'other':
      return 'no file';
  }
};

const modeText = ({ state }: BackupEntry): string => ('mode' in state ? state.mode.toString(8).padStart(4, '0') : '');

const fileLines = ({ entries }: BackupManifest): readonly string[] =>
  table(
    null,
    entries.map((entry) => [`  ${modeText(entry)}`, entry.component, stateText(entry), entry.path]),
  );

const componentRows = ({ components, entries }: BackupManifest): readonly (readonly string[])[] =>
  components.map((component) => {
    const own = { entries: entries.filter((entry) => entry.component === component) };
    return [`  ${component}`, counted(filesOf(own), 'file'), bytes(sizeOf(own))];
  });

const originOf = ({ run, occasion }: BackupManifest): string => {
  if (occasion === 'restore') return `before the restore ${run}`;
  return run === null ? 'by hand' : `in run ${run}`;
};

const wholeLine = ({ paint }: Call, lost: readonly LostFile[]): string =>
  lost.length === 0
    ? `${paint.good('✓')} all of it is in the store; backup check --read-data reads every byte`
    : `${paint.bad('✗')} ${counted(lost.length, 'file')} cannot be restored`;

/** Answers 5 when something of it cannot be restored. */
export const runShow = async (call: Call, word: string, options: ShowOptions): Promise<number> => {
  const main = await call.main('dry-run');
  const manifest = findBackup(main, word);
  const lost = checkOne(main, manifest);
  const { id, target, time, commit, version, checkout, entries } = manifest;
  const stood = [version, commit?.slice(0, 10)].filter((one) => one !== null && one !== undefined).join(', ');
  call.answer({ kind: 'backup.show', ...factsOfBackup(manifest), checkout, entries, lost }, [
    `${call.paint.strong(id)} of ${target}`,
    `made ${localTime(time)} ${originOf(manifest)}`,
    stood === '' ? 'the target had no receipt' : `the target stood at ${stood}`,
    ...(checkout === null ? [] : [`its clone ${checkout.path} stood at ${checkout.commit.slice(0, 10)}`]),
    ...table(null, componentRows(manifest)),
    ...(options.files === true ? fileLines(manifest) : []),
    wholeLine(call, lost),
    ...lostLines(lost, call.paint),
    `${call.paint.dim('next')}  lockstep target restore ${target} --backup ${id} --dry-run`,
  ]);
  return lost.length === 0 ? 0 : 5;
};
