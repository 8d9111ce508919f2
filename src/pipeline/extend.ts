/** Makes one pipeline of a chain of files: patches applied by step id, the nearest file's word on everything else. */
import { suggestion } from '../config/problem.ts';
import type { YamlFile, YamlPath } from '../config/yaml-file.ts';
import { type Complaints, complain, inFile, isFull, isMap, type YamlMap } from './complaints.ts';
import type { Origin } from './pipeline.ts';
import type { Chain, Written } from './written.ts';

/** A value where it stands. */
export interface Place {
  readonly file: YamlFile;
  readonly path: YamlPath;
}

/** One entry of `steps`, `on_failure` or `always` as a file has it, without the words that say where it goes. */
export interface Entry extends Place {
  readonly value: unknown;
}

/** A pipeline after its patches, not checked yet. */
export interface Effective {
  /** Whether all of the chain was found: what a base would have said is not missed else. */
  readonly complete: boolean;
  /** undefined when no file of the chain has any. */
  readonly steps: readonly Entry[] | undefined;
  readonly onFailure: readonly Entry[] | undefined;
  readonly always: readonly Entry[] | undefined;
  /** Steps that a patch took out, by id. */
  readonly removed: ReadonlyMap<string, Removed>;
}

export interface Removed {
  /** What it said that it `uses`. */
  readonly uses: unknown;
  /** Where the patch stands. */
  readonly by: Origin;
}

/** People write a twentieth of it. */
export const mostSteps = 200;

const placing = ['before', 'after', 'replace', 'remove'] as const;
type Placing = (typeof placing)[number];

/** Keys of an entry that say where it goes in the pipeline that is extended. */
export const patchKeys: readonly string[] = placing;

/** The line of a value, for people. */
export const originOf = ({ file, path }: Place, part: 'key' | 'value' = 'key'): Origin => {
  const { line } = file.problem(path, '', part);
  return { file: file.file, line };
};

/** The id that an entry has, whether it is right or not. */
export const idOfEntry = ({ value }: Pick<Entry, 'value'>): string | undefined => {
  if (!isMap(value)) return undefined;
  if (value.id !== undefined) return typeof value.id === 'string' ? value.id : undefined;
  if (typeof value.uses === 'string') return value.uses;
  return value.run === undefined ? undefined : 'run';
};

const listAt = (to: Complaints, map: YamlMap, key: string): readonly Entry[] | undefined => {
  const list = map[key];
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) {
    complain(to, [key], `\`${key}\` must be a list of steps`);
    return undefined;
  }
  if (list.length > mostSteps) complain(to, [key, mostSteps], `more than ${mostSteps} steps`);
  return list.slice(0, mostSteps).map((value, index) => ({ file: to.file, path: [key, index], value }));
};

const without = (map: YamlMap, keys: readonly string[]): YamlMap =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));

interface Patch {
  readonly how: Placing;
  readonly anchor: string;
}

/** Where an entry goes; undefined when it is appended, or when it cannot be told. */
const patchOf = (to: Complaints, entry: Entry): Patch | undefined => {
  const { value, path } = entry;
  if (!isMap(value)) return undefined;
  const [how, second] = placing.filter((key) => value[key] !== undefined);
  if (how === undefined) return undefined;
  if (second !== undefined) {
    complain(to, [...path, second], `both \`${how}\` and \`${second}\`: an entry says one place`, 'key');
    return undefined;
  }
  const anchor = value[how];
  if (typeof anchor !== 'string') {
    complain(to, [...path, how], `\`${how}\` must be the id of a step`);
    return undefined;
  }
  if (how === 'remove')
    for (const key of Object.keys(value))
      if (key !== 'remove') complain(to, [...path, key], '`remove` stands alone: it takes a step out', 'key');
  return { how, anchor };
};

interface Patched {
  readonly steps: readonly Entry[];
  readonly removed: ReadonlyMap<string, Removed>;
}

/** The entries of one file put into those of its base, in the order in which they are written. */
const patched = (to: Complaints, base: Patched, own: { entries: readonly Entry[]; complete: boolean }): Patched => {
  const steps = [...base.steps];
  const removed = new Map(base.removed);
  /** Entries that stand behind an anchor because this file put them there: the next one goes behind them. */
  const behind = new Map<Entry, string>();
  for (const entry of own.entries) {
    if (isFull(to)) break;
    const patch = patchOf(to, entry);
    const plain = isMap(entry.value) ? { ...entry, value: without(entry.value, placing) } : entry;
    if (patch === undefined) {
      steps.push(plain);
      continue;
    }
    const { how, anchor } = patch;
    const at = steps.findIndex((step) => idOfEntry(step) === anchor);
    if (at === -1) {
      const gone = removed.get(anchor);
      const why =
        gone === undefined
          ? suggestion(
              anchor,
              steps.flatMap((step) => idOfEntry(step) ?? []),
            )
          : `: it was removed at ${gone.by.file}:${gone.by.line}`;
      if (own.complete) complain(to, [...entry.path, how], `there is no step \`${anchor}\`${why}`);
      // Its own mistakes are looked for all the same.
      if (how !== 'remove') steps.push(plain);
    } else if (how === 'remove') {
      const [out] = steps.splice(at, 1);
      const uses = isMap(out?.value) ? out.value.uses : undefined;
      removed.set(anchor, { uses, by: originOf(entry, 'value') });
    } else if (how === 'replace') {
      const kept = isMap(plain.value) && plain.value.id === undefined ? { id: anchor, ...plain.value } : plain.value;
      steps.splice(at, 1, { ...plain, value: kept });
    } else if (how === 'before') steps.splice(at, 0, plain);
    else {
      let next = at + 1;
      for (let step = steps[next]; step !== undefined && behind.get(step) === anchor; step = steps[next]) next += 1;
      steps.splice(next, 0, plain);
      behind.set(plain, anchor);
    }
  }
  return { steps, removed };
};

const refusePatches = (to: Complaints, entries: readonly Entry[]): readonly Entry[] =>
  entries.map((entry) => {
    const { value, path } = entry;
    if (!isMap(value)) return entry;
    for (const key of placing)
      if (value[key] !== undefined)
        complain(
          to,
          [...path, key],
          `\`${key}\` changes a pipeline that is extended: say which with \`extends\``,
          'key',
        );
    return { ...entry, value: without(value, placing) };
  });

/** Puts a chain together, the base first. Problems are added where they stand. */
export const effectiveOf = (to: Complaints, chain: Chain): Effective => {
  // What a base that could not be read would have held is not known: an id that is not there may be one of it.
  const complete =
    chain.complete && chain.files.every(({ map }) => map.steps === undefined || Array.isArray(map.steps));
  let made: Effective = { complete, steps: undefined, onFailure: undefined, always: undefined, removed: new Map() };
  for (const { yaml, map } of [...chain.files].reverse()) {
    const here = inFile(to, yaml);
    const entries = listAt(here, map, 'steps');
    const base: Patched = { steps: made.steps ?? [], removed: made.removed };
    const next = (): Patched => {
      if (entries === undefined) return base;
      if (map.extends === undefined) return { ...base, steps: refusePatches(here, entries) };
      return patched(here, base, { entries, complete });
    };
    const { steps, removed } = next();
    if (entries !== undefined && entries.length < mostSteps && steps.length > mostSteps)
      complain(here, ['steps'], `more than ${mostSteps} steps, with those that are extended`, 'key');
    made = {
      complete,
      steps: entries === undefined && made.steps === undefined ? undefined : steps,
      removed,
      onFailure: listAt(here, map, 'on_failure') ?? made.onFailure,
      always: listAt(here, map, 'always') ?? made.always,
    };
  }
  return made;
};

/** The file of the chain whose word on a key counts, and the key's place in it. */
export const decidedIn = (files: readonly Written[], key: string): Place | undefined => {
  const found = files.find(({ map }) => map[key] !== undefined);
  return found === undefined ? undefined : { file: found.yaml, path: [key] };
};
