/** Whether the git hooks are in place, where somebody wants them. */
import { join } from 'node:path';
import { readYaml } from '../../../config/yaml-file.ts';
import { LockstepError } from '../../../domain/errors.ts';
import { applyHooks } from '../../hooks/apply.ts';
import { type HooksPlan, planHooksInstall } from '../../hooks/install.ts';
import { type HooksReport, hooksStatus } from '../../hooks/status.ts';
import { configName, type MainProject } from '../../main-project.ts';
import { broken, type DoctorCheck, type DoctorGround, fine, warning } from '../doctor-check.ts';

/** `hooks:` is written in the configuration: whoever cloned the project has none all the same. */
const configured = ({ ports, git }: MainProject): boolean => {
  const { value } = readYaml(ports.files, join(git.root, configName), { shownAs: configName, code: 'config-invalid' });
  return typeof value === 'object' && value !== null && 'hooks' in value;
};

const planFor = async ({ launcher, main: open }: DoctorGround): Promise<HooksPlan> => {
  const { ports, git, project } = await open();
  return planHooksInstall({ ports, git, launcher, stateDir: project.stateDir });
};

/** Whether installing would write something; a hook that somebody edited is nobody's to write over. */
const writable = async (ground: DoctorGround): Promise<boolean> => {
  try {
    return (await planFor(ground)).actions.length > 0;
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return false;
  }
};

const firstTrouble = ({ hooks, problems }: HooksReport): { readonly cause: string; readonly mend: string } => {
  const [whole] = problems;
  if (whole !== undefined) return { cause: whole.problem, mend: whole.mend };
  const bad = hooks.filter(({ installed }) => !installed);
  const [first] = bad;
  const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : '';
  return { cause: `${first?.name}: ${first?.problem}${more}`, mend: first?.mend ?? 'lockstep hooks status' };
};

export const hooks: DoctorCheck = {
  name: 'hooks',
  summary: 'the git hooks',
  look: async (ground) => {
    const main = await ground.main();
    const report = await hooksStatus(main);
    if (report.complete) return [fine(`in place, started by ${report.manager}`)];
    const mend = 'lockstep hooks install';
    if (report.launcher === null && report.hooks.every(({ installed }) => !installed)) {
      if (!configured(main)) return [warning('none installed: nothing is synced or checked by itself', { mend })];
      const mendable = await writable(ground);
      return [warning(`${configName} configures hooks, and none is installed in this clone`, { mend, mendable })];
    }
    const { cause, mend: first } = firstTrouble(report);
    return [broken(cause, { mend: first, mendable: await writable(ground) })];
  },
  mend: async (ground) => {
    const { ports, git } = await ground.main();
    const { actions } = await planFor(ground);
    applyHooks(ports, git, actions);
    const written = actions.filter(({ kind }) => kind === 'write').map(({ path }) => path);
    return written.length === 0 ? ['noted how Lockstep is started here'] : written.map((path) => `installed ${path}`);
  },
};
