/** Reads `sync.config.yaml` into a Project with every default filled in, or shows all its problems at once. */
import { basename, dirname, join, resolve } from 'node:path';
import { type BackupPolicy, defaultBackupRules } from '../domain/backup-policy.ts';
import { defaultCategories, defaultCommitRules } from '../domain/defaults.ts';
import { parseDuration } from '../domain/duration.ts';
import { hookSettings } from '../domain/hook-settings.ts';
import { cleanRelative, isInside } from '../domain/paths.ts';
import type { ComponentSpec, PackageSpec, Project } from '../domain/project.ts';
import { defaultRunPolicy, type RunPolicy } from '../domain/run-policy.ts';
import { defaultSecrets } from '../domain/secrets.ts';
import { withTypes } from '../domain/team-types.ts';
import type { Files } from '../ports.ts';
import { sourcesOf, type WrittenComponent, type WrittenConfig, type WrittenRules } from './config-file.ts';
import { configSchema, configVersion } from './config-schema.ts';
import { typesIn } from './known-names.ts';
import { type Problem, throwProblems } from './problem.ts';
import { checkRules } from './rules.ts';
import { checkAgainst, refuseNewer } from './validate.ts';
import { readYaml, type YamlFile } from './yaml-file.ts';

export interface ProjectPlaces {
  readonly files: Files;
  /** The main worktree, absolute. */
  readonly root: string;
  readonly configPath: string;
  /** Where state goes when the configuration does not say; lies in git's common folder. */
  readonly stateDir: string;
  /** What floors above know to be wrong with what is written: expressions, and names of their things. */
  readonly expressionProblems?: (yaml: YamlFile) => readonly Problem[];
}

/** What one rule leaves unsaid the other one's silence does not fill: `keep_last: 20` alone means 20, however young others are. */
const rulesOf = ({ keep_last: last, keep_within: within }: WrittenRules): RunPolicy => ({
  keepLast: last ?? null,
  keepWithin: within === undefined ? null : parseDuration(within),
});

const backupsOf = ({ backups = {} }: WrittenConfig): BackupPolicy => {
  const { targets = {}, ...usual } = backups;
  return {
    usual: Object.keys(usual).length === 0 ? defaultBackupRules : rulesOf(usual),
    targets: Object.fromEntries(Object.entries(targets).map(([name, rules]) => [name, rulesOf(rules)])),
  };
};

const packageOf = ({ project }: WrittenConfig): PackageSpec => ({
  name: project.name,
  import: project.import ?? project.name.replaceAll('-', '_'),
  path: project.package === undefined ? null : cleanRelative(project.package) || '.',
  from: project.from ?? (project.package === undefined ? 'index' : 'local'),
  index: project.index ?? null,
  network: project.network ?? false,
  builder: project.builder ?? null,
});

const componentOf = ([name, written]: readonly [string, WrittenComponent]): ComponentSpec => ({
  name,
  sources: sourcesOf(written).map((source) => ({
    from: typeof source.from === 'string' ? [source.from] : source.from,
    into: source.into,
    exclude: source.exclude ?? [],
  })),
  onConflict: ('on_conflict' in written ? written.on_conflict : undefined) ?? 'keep',
});

/** The real path of a place that need not be there yet. */
const realPlace = (files: Files, path: string): string => {
  const real = files.real(path);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(realPlace(files, dirname(path)), basename(path));
};

/** State inside the tree would be taken by `git clean` and could be planted by a pulled commit. */
const stateOf = (places: ProjectPlaces, { state }: WrittenConfig, root: string, yaml: YamlFile): string => {
  if (state === undefined) return places.stateDir;
  const wanted = resolve(root, state);
  const found = realPlace(places.files, wanted);
  const gitDir = dirname(places.stateDir);
  const inTree = [wanted, found].some((path) => isInside(root, path) && !isInside(gitDir, path));
  const why = state.startsWith('~')
    ? '`~` is not filled in here: write the whole path'
    : 'the state must lie outside the main project: git clean would take it, a pulled commit could bring it';
  if (inTree) throwProblems('config-invalid', [yaml.problem(['state'], why)]);
  return found;
};

/** Throws `config-invalid` with every problem as `file:line:column: message`, `format-newer`. */
export const loadProject = (places: ProjectPlaces): Project => {
  const yaml = readYaml(places.files, places.configPath, {
    shownAs: basename(places.configPath),
    code: 'config-invalid',
  });
  if (yaml.readable) refuseNewer(yaml, configVersion);
  throwProblems('config-invalid', [
    ...checkAgainst(configSchema, yaml),
    ...(yaml.readable ? [...checkRules(yaml), ...(places.expressionProblems?.(yaml) ?? [])] : []),
  ]);
  // The schema let it through.
  const config = yaml.value as WrittenConfig;
  const root = places.files.real(places.root) ?? places.root;
  const { name, id } = config.project;
  const types = typesIn(config);
  return {
    id: id ?? name,
    root,
    stateDir: stateOf(places, config, root, yaml),
    ...(config.state === undefined ? {} : { stateAsWritten: config.state }),
    package: packageOf(config),
    categories:
      config.categories === undefined
        ? defaultCategories
        : Object.entries(config.categories).map(([category, rule]) => ({ name: category, ...rule })),
    commitRules: config.commits ?? defaultCommitRules,
    types,
    ...withTypes(
      {
        components: Object.entries(config.components ?? {}).map(componentOf),
        config: (config.config ?? []).map(({ from, into, strategies, on_conflict }) => ({
          from,
          into,
          strategies: strategies ?? {},
          ...(on_conflict === undefined ? {} : { onConflict: on_conflict }),
        })),
      },
      types,
    ),
    protect: config.protect ?? [],
    secrets: config.secrets ?? defaultSecrets,
    suites: Object.fromEntries(
      Object.entries(config.suites ?? {}).map(([suite, checks]) => [
        suite,
        checks.map((check) => ({ name: check.name ?? check.uses, uses: check.uses, with: check.with ?? {} })),
      ]),
    ),
    sla: { critical: '4h', default: '24h', ...config.sla },
    hooks: hookSettings(config.hooks),
    runs: config.runs === undefined ? defaultRunPolicy : rulesOf(config.runs),
    backups: backupsOf(config),
    ...(config.tag === undefined ? {} : { tag: config.tag }),
  };
};
