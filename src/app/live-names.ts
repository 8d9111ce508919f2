/** The names that a main project has right now, looked up as cheaply as can be: for completion, which must not keep anybody waiting. */
import { join } from 'node:path';
import { suitesOf } from '../checks/default-suites.ts';
import { targetStatuses } from '../domain/target.ts';
import type { Ports } from '../ports.ts';
import { fileNameOf } from '../store/file-names.ts';
import { type FoundMain, findMainFiles } from '../store/find-state.ts';
import { type StatePlaces, statePlaces } from '../store/state-dir.ts';

export type NamedThing =
  | 'target'
  | 'run'
  | 'backup'
  | 'component'
  | 'suite'
  | 'step'
  | 'pipeline'
  | 'type'
  | 'revision';

export interface LiveName {
  readonly name: string;
  /** A few words; empty where there is nothing to say. */
  readonly says: string;
}

export interface LiveNames {
  /** None where nothing of it can be read: a completion complains of nothing. `target` narrows backups down. */
  names(thing: NamedThing, of: { readonly target: string | undefined }): Promise<readonly LiveName[]>;
  statuses(): readonly string[];
}

const builtInSuites = Object.keys(suitesOf({ suites: {}, package: { from: 'local', path: null } }));
const configFile = 'sync.config.yaml';
/** Revisions and runs beyond these are not what somebody picks from a list. */
const most = 50;

const plain = (names: readonly string[]): readonly LiveName[] => names.map((name) => ({ name, says: '' }));

type Look = (ports: Ports, main: FoundMain) => Promise<unknown>;

/** What the configuration says, as YAML has it; loaded only when somebody needs it. */
const written: Look = async ({ files }, { root }) => {
  const { plainYaml } = await import('../config/plain-yaml.ts');
  return plainYaml(files.readText(join(root, configFile)));
};

/** The configuration says so seldom that the state is elsewhere that it is read only where the word stands in it. */
const stateOf = async (ports: Ports, main: FoundMain): Promise<StatePlaces> => {
  const usual = join(main.commonDir, 'lockstep');
  if (!/^["']?state["']?\s*:/m.test(ports.files.readText(join(main.root, configFile)))) return statePlaces(usual);
  const config = await written(ports, main);
  const moved = config !== null && typeof config === 'object' && 'state' in config ? config.state : undefined;
  return statePlaces(typeof moved === 'string' ? join(main.root, moved) : usual);
};

const keysOf = (value: unknown, key: string): readonly string[] => {
  const held =
    value !== null && typeof value === 'object' && Object.hasOwn(value, key) ? Reflect.get(value, key) : null;
  return held !== null && typeof held === 'object' && !Array.isArray(held) ? Object.keys(held) : [];
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const targets = ({ files }: Ports, { registry }: StatePlaces): readonly LiveName[] => {
  const read = JSON.parse(files.readText(registry)) as {
    readonly targets?: readonly Readonly<Record<string, unknown>>[];
  };
  return (read.targets ?? []).map(({ name, status, sync_version: version }) => ({
    name: textOf(name),
    says: [textOf(status), textOf(version)].filter((word) => word !== '').join(' '),
  }));
};

const runs = ({ files }: Ports, { runs: folder }: StatePlaces): readonly LiveName[] =>
  plain(
    files
      .list(folder)
      .filter((name) => /^\d{8}T\d{6}Z-/.test(name))
      .reverse()
      .slice(0, most),
  );

const backups = (
  { files }: Ports,
  { backups: folder }: StatePlaces,
  target: string | undefined,
): readonly LiveName[] => {
  const folders = target === undefined ? files.list(folder) : [fileNameOf(target)];
  const ids = folders.flatMap((name) =>
    files
      .list(join(folder, name))
      .filter((file) => file.endsWith('.json'))
      .map((file) => decodeURIComponent(file.slice(0, -'.json'.length))),
  );
  return plain(ids.sort().reverse().slice(0, most));
};

const revisions = async ({ git }: Ports, { root }: FoundMain): Promise<readonly LiveName[]> => {
  const format = '--format=%(refname:lstrip=2)%09%(contents:subject)';
  const args = ['for-each-ref', '--sort=-creatordate', `--count=${most}`, format, 'refs/tags', 'refs/heads'];
  return (await git.open(root).read(args))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', says = ''] = line.split('\t');
      return { name, says };
    });
};

const pipelineTexts = async ({ files }: Ports, { root }: FoundMain): Promise<ReadonlyMap<string, string>> => {
  const { builtInPipelines } = await import('../pipeline/built-in.ts');
  const own = files.list(join(root, 'pipelines')).filter((name) => name.endsWith('.yaml'));
  return new Map([
    ...Object.entries(builtInPipelines),
    ...own.map((file) => [file.slice(0, -'.yaml'.length), files.readText(join(root, 'pipelines', file))] as const),
  ]);
};

/** Ids and kinds of the steps of every pipeline, as they are written: loading and checking them takes too long. */
const steps = async (ports: Ports, main: FoundMain): Promise<readonly LiveName[]> => {
  const { plainYaml } = await import('../config/plain-yaml.ts');
  const words = [...(await pipelineTexts(ports, main)).values()].flatMap((text) => {
    try {
      const { steps: listed = [] } = plainYaml(text) as {
        readonly steps?: readonly Readonly<Record<string, unknown>>[];
      };
      return listed.flatMap(({ id, uses }) => [textOf(id), textOf(uses)]);
    } catch {
      // One that cannot be read hides no other.
      return [];
    }
  });
  return plain([...new Set(words)].filter((word) => word !== ''));
};

const lookUp = async (
  ports: Ports,
  main: FoundMain,
  { thing, target }: { readonly thing: NamedThing; readonly target: string | undefined },
): Promise<readonly LiveName[]> => {
  switch (thing) {
    case 'target':
      return targets(ports, await stateOf(ports, main));
    case 'run':
      return runs(ports, await stateOf(ports, main));
    case 'backup':
      return backups(ports, await stateOf(ports, main), target);
    case 'component':
      return plain(['package', ...keysOf(await written(ports, main), 'components'), 'config']);
    case 'suite':
      return plain([...new Set([...builtInSuites, ...keysOf(await written(ports, main), 'suites')])]);
    case 'type':
      return plain((await import('../config/known-names.ts')).namesIn(await written(ports, main)).types);
    case 'pipeline':
      return plain([...(await pipelineTexts(ports, main)).keys()].sort());
    case 'step':
      return steps(ports, main);
    case 'revision':
      return revisions(ports, main);
  }
};

/** Looks from a folder; nothing is read before a name is asked for. */
export const liveNames = (ports: Ports, dir: string): LiveNames => ({
  statuses: () => targetStatuses,
  names: async (thing, { target }) => {
    try {
      const main = findMainFiles(ports.files, dir, configFile);
      return main === undefined ? [] : await lookUp(ports, main, { thing, target });
    } catch {
      // A name that cannot be looked up is none; the command that is typed in the end says what is wrong.
      return [];
    }
  },
});
