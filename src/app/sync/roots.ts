/** Finds the roots that decide which targets may be worked on side by side. Reads only. */
import { LockstepError } from '../../domain/errors.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { layoutOf, targetPath } from '../layouts.ts';
import type { MainProject } from '../main-project.ts';

/** All roots of a target; of one that cannot be found out about, its folder: nothing is written there. */
export const rootsForScheduling = async (main: MainProject, record: TargetRecord): Promise<readonly string[]> => {
  try {
    const { target, python, checkout } = (await layoutOf(main, record)).roots;
    return [target, python, checkout].filter((root) => root !== undefined);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    const path = targetPath(main, record);
    return [main.ports.files.real(path) ?? path];
  }
};
