/** `validate`: everything that is wrong with what a person wrote, at once. */
import { validate } from '../../app/validate.ts';
import { errorCodes } from '../../domain/errors.ts';
import type { Call } from '../call.ts';

/** Exits with 2 when something is wrong. */
export const runValidate = async (call: Call): Promise<number> => {
  const { checked, problems, warnings } = await validate(await call.world.ports('dry-run'), call.dir);
  const valid = problems.length === 0;
  call.answer({ kind: 'validation', valid, checked, problems, warnings }, [
    // The lines say themselves how many there are: several of them may tell of one problem.
    ...(valid ? [`${call.paint.good('valid')}: ${checked.join(', ')}`] : problems),
    ...warnings.map((line) => (line.startsWith(' ') ? line : `${call.paint.look('!')} ${line}`)),
  ]);
  return valid ? 0 : errorCodes['config-invalid'];
};
