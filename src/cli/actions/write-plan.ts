/** Writes a plan file where the person asked for it: whole or not at all, and over nothing that the main project tracks. */
import { basename, dirname, join, resolve } from 'node:path';
import type { MainProject } from '../../app/main-project.ts';
import { type PlanFile, planText } from '../../app/plan-file.ts';
import { refuseMainPaths } from '../../app/refuse-main-paths.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Ports } from '../../ports.ts';
import type { Call } from '../call.ts';

export interface PlanPlace {
  /** As it was typed. */
  readonly name: string;
  /** Absolute; its folder's real path. */
  readonly path: string;
}

const refused = (name: string, why: string): LockstepError =>
  new LockstepError('usage', `the plan cannot be written to ${name}: ${why}`, { hint: 'name another file with --out' });

/** Asked before anything is planned. Throws `usage` for a place that a file may not be written to. */
export const planPlace = async (call: Pick<Call, 'dir'>, main: MainProject, name: string): Promise<PlanPlace> => {
  const asked = resolve(call.dir, name);
  const { files } = main.ports;
  const folder = files.real(dirname(asked));
  if (folder === undefined) throw refused(name, `there is no folder ${dirname(asked)}`);
  const path = join(folder, basename(asked));
  const kind = files.stat(path)?.kind ?? 'file';
  if (kind !== 'file') throw refused(name, kind === 'dir' ? 'it is a folder' : 'it is no plain file');
  const why = (await refuseMainPaths(main, files))(path);
  if (why !== undefined) throw refused(name, why);
  return { name, path };
};

/** Throws `disk`. */
export const writePlan = ({ state }: Pick<Ports, 'state'>, { path }: PlanPlace, plan: PlanFile): void =>
  state.replace(path, planText(plan));
