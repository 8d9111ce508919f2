/** Opens the main project that a command stands in: its configuration, registry, stores and commit. */
import { join } from 'node:path';
import { loadProject } from '../config/load.ts';
import { LockstepError } from '../domain/errors.ts';
import type { Project } from '../domain/project.ts';
import { expressionProblems } from '../pipeline/config-expressions.ts';
import type { GitPlaces, Ports, Repo } from '../ports.ts';
import { type BackupStore, openBackups } from '../store/backups.ts';
import { withdrawing } from '../store/push-ok.ts';
import { openRegistry, type RegistryStore } from '../store/registry.ts';
import { type StatePlaces, statePlaces } from '../store/state-dir.ts';
import { resolveRevision } from './revisions.ts';

export const configName = 'sync.config.yaml';

export interface MainProject {
  readonly ports: Ports;
  readonly git: GitPlaces;
  readonly repo: Repo;
  readonly project: Project;
  readonly state: StatePlaces;
  readonly registry: RegistryStore;
  readonly backups: BackupStore;
}

/** Where a main project keeps its configuration. Throws `not-a-main-project`, saying what is missing. */
export const findMain = async (ports: Ports, dir: string): Promise<GitPlaces> => {
  if (ports.files.stat(dir) === undefined) {
    throw new LockstepError('not-a-main-project', `${dir} is not there`, { hint: 'check the folder given with -C' });
  }
  const git = await ports.git.places(dir);
  if (git === undefined) {
    throw new LockstepError('not-a-main-project', `${dir} lies in no git repository`, {
      hint: 'go to the main project, or name it with -C <dir>',
    });
  }
  if (ports.files.stat(join(git.root, configName)) === undefined) {
    throw new LockstepError('not-a-main-project', `${git.root} has no ${configName}`, {
      hint: `lockstep init writes one; or name the main project with -C <dir>`,
    });
  }
  return git;
};

/** Reads everything once; throws the first thing that is wrong, before anything is started. */
export const openMain = async (given: Ports, dir: string): Promise<MainProject> => {
  const git = await findMain(given, dir);
  const project = loadProject({
    files: given.files,
    root: git.mainWorktree,
    configPath: join(git.root, configName),
    stateDir: join(git.commonDir, 'lockstep'),
    expressionProblems,
  });
  const state = statePlaces(project.stateDir);
  // The one place where the state is opened for writing: what was accepted of a push may hold no longer.
  const ports: Ports = { ...given, state: withdrawing(given, state) };
  return {
    ports,
    git,
    repo: ports.git.open(git.root),
    project,
    state,
    registry: openRegistry(ports, state),
    backups: openBackups(ports, state),
  };
};

/** The commit that a revision names. Throws `unknown-revision`. */
export const commitOf = async (repo: Repo, revision: string): Promise<string> => {
  if (revision !== 'HEAD') return resolveRevision(repo, revision);
  const commit = await repo.commit(revision);
  if (commit !== undefined) return commit;
  throw new LockstepError('unknown-revision', `${repo.root} has no commit yet`, { hint: 'make a first commit' });
};
