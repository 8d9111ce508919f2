/** Whether git is there, and new enough for everything that Lockstep asks of it. */
import { LockstepError } from '../../../domain/errors.ts';
import { isAtLeast } from '../../../domain/python-versions.ts';
import { broken, type DoctorCheck, fine, warning } from '../doctor-check.ts';

/** The first that tells hooks of moved references, which is how an accepted push is seen. */
const leastGit = '2.28';

const mend = `install git ${leastGit} or newer`;

export const git: DoctorCheck = {
  name: 'git',
  summary: 'git itself',
  look: async ({ ports }) => {
    try {
      const { stdout, code } = await ports.processes.run({ argv: ['git', '--version'], as: 'git', timeout: 10_000 });
      const version = /^git version (\d+(?:\.\d+)+)/.exec(stdout.toString('utf8'))?.[1];
      if (code !== 0 || version === undefined) return [broken('git does not tell its version', { mend })];
      if (isAtLeast(version, leastGit)) return [fine(`git ${version}`)];
      return [warning(`git ${version} tells no hook of an accepted push: the next command sees to it`, { mend })];
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      return [broken(`git cannot be started: ${error.message}`, { mend })];
    }
  },
};
