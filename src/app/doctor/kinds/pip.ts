/** Whether the Python that builds the package has pip. */

import { LockstepError } from '../../../domain/errors.ts';
import { type DoctorCheck, fine, warning } from '../doctor-check.ts';

export const pip: DoctorCheck = {
  name: 'pip',
  summary: 'pip of the Python that builds the package',
  look: async ({ main, builder }) => {
    await main();
    try {
      const { pip: version, executable } = (await builder()).facts;
      if (version !== null) return [fine(`pip ${version}`)];
      return [
        warning(`${executable} has no pip: only targets with a pip of their own get the package`, {
          mend: `${executable} -m ensurepip`,
        }),
      ];
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code !== 'python-unusable') throw error;
      return [warning('without a Python there is no pip', { mend: 'install Python 3.8 or newer, with pip' })];
    }
  },
};
