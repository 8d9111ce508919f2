/** Whether there is a Python on this machine that can build the package. */
import { LockstepError } from '../../../domain/errors.ts';
import { broken, type DoctorCheck, fine, warning } from '../doctor-check.ts';

export const python: DoctorCheck = {
  name: 'python',
  summary: 'the Python that builds the package',
  look: async ({ main, builder }) => {
    const { builder: named } = (await main()).project.package;
    try {
      const { facts, passedOver } = await builder();
      if (passedOver === null) return [fine(`Python ${facts.version}: ${facts.executable}`)];
      const mend = 'name one that runs here as project.builder in sync.config.yaml';
      return [warning(`${passedOver}: ${facts.executable} builds instead`, { mend })];
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code !== 'python-unusable') throw error;
      const mend = 'install Python 3.8 or newer, or name one as project.builder in sync.config.yaml';
      return [
        named === null
          ? // A target's own Python builds too.
            warning('no Python answers here: only targets with one of their own get the package', { mend })
          : broken(error.message, { mend }),
      ];
    }
  },
};
