/** Whether this is a main project, and everything that a person wrote for it can be read. */
import { LockstepError } from '../../../domain/errors.ts';
import { validate } from '../../validate.ts';
import { broken, type DoctorCheck, fine, warning } from '../doctor-check.ts';

const mend = 'lockstep validate';

/** `config.yaml:3:5: …`, and how many more there are; a problem may go on in lines that are set in. */
const firstOf = (lines: readonly string[]): string => {
  const [first = '', ...more] = lines.filter((line) => !/^\s/.test(line));
  return more.length === 0 ? first : `${first} (and ${more.length} more)`;
};

export const project: DoctorCheck = {
  name: 'project',
  summary: 'the main project: its configuration, pipelines and registry',
  look: async ({ ports, dir }) => {
    try {
      const { checked, problems, warnings } = await validate(ports, dir);
      if (problems.length > 0) return [broken(firstOf(problems), { mend })];
      if (warnings.length > 0) return [warning(firstOf(warnings), { mend })];
      return [fine(`${checked.join(', ')} can be read`)];
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      return [broken(error.message, { mend: error.hint ?? null })];
    }
  },
};
