/** `target backup` and `target backups`: makes backups and lists them. */

import { backupTarget } from '../../app/backup.ts';
import { chooseTargets, targetNamed } from '../../app/choose-targets.ts';
import type { BackupManifest } from '../../domain/backup.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Made } from '../../store/backups.ts';
import type { Call } from '../call.ts';
import { requiredChoice } from '../choice.ts';
import { factsOfBackup, filesOf, sizeOf } from '../render/backup-facts.ts';
import { errorLines, errorObject } from '../render/error-text.ts';
import { fittedTable } from '../render/table.ts';
import { bytes, counted, localTime } from '../render/times.ts';
import { verdictCode } from '../verdict.ts';
import { screenOf } from '../world.ts';

interface Tried {
  readonly target: string;
  readonly passed: boolean;
  readonly manifest: BackupManifest | null;
  readonly made: Made['made'] | null;
  readonly error: LockstepError | null;
}

/** One target's failure hides no other's backup. Exits with 4 when some could not be backed up, 5 when none could. */
export const runBackup = async (
  call: Call,
  names: readonly string[],
  options: { readonly all?: boolean },
): Promise<number> => {
  const targets = requiredChoice({ names, all: options.all === true, allFlag: '--all', command: 'target backup' });
  const main = await call.main();
  const { signal, env } = call.world;
  const made: Tried[] = [];
  for (const { name } of chooseTargets(main.registry.read().targets, targets)) {
    try {
      made.push({
        target: name,
        passed: true,
        error: null,
        ...(await backupTarget(main, { target: name, signal, env })),
      });
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      made.push({ target: name, passed: false, manifest: null, made: null, error });
    }
  }
  call.answer(
    {
      kind: 'backup',
      targets: made.map(({ target, manifest, made: when, error }) => ({
        target,
        made: when,
        backup: manifest === null ? null : factsOfBackup(manifest),
        error: error === null ? null : errorObject(error),
      })),
    },
    made.flatMap(({ target, manifest, made: when, error }) =>
      manifest === null
        ? errorLines(error, call.paint)
        : [
            `${target} ${call.paint.good(when === 'before' ? 'unchanged since' : 'backed up')}: ${manifest.id}  ${counted(filesOf(manifest), 'file')}, ${bytes(sizeOf(manifest))}  ${manifest.components.join(', ')}`,
          ],
    ),
  );
  return verdictCode(made);
};

export const runBackups = async (call: Call, name: string): Promise<number> => {
  const main = await call.main();
  const known = main.registry.read().targets;
  // Backups outlive their target's place in the registry, damaged ones too.
  const isKept = main.backups.list(name).length + main.backups.damaged(name).length > 0;
  const target = isKept ? name : targetNamed(known, name).name;
  const backups = main.backups.list(target);
  const damaged = main.backups.damaged(target);
  const rows = backups.map((manifest) => [
    manifest.id,
    localTime(manifest.time),
    manifest.version ?? manifest.commit?.slice(0, 10) ?? '',
    counted(filesOf(manifest), 'file'),
    bytes(sizeOf(manifest)),
    manifest.components.join(', '),
  ]);
  const none = `none of the backups of ${target} can be read; make another`;
  call.answer({ kind: 'backups', target, backups: backups.map(factsOfBackup), damaged }, [
    ...(rows.length === 0
      ? [`${damaged.length > 0 ? none : `${target} has no backup yet`}: lockstep target backup ${target}`]
      : fittedTable(['backup', 'made', 'stood at', 'files', 'size', 'components'], rows, {
          columns: screenOf(call.world.terminal),
          spare: ['files', 'size', 'stood at'],
          first: 'whole',
        })),
    ...damaged.map(
      ({ id, cause }) => `${call.paint.look('!')} ${id} cannot be read, so nothing can be restored from it: ${cause}`,
    ),
  ]);
  return 0;
};
