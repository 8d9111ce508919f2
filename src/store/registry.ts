/** The registry of targets: read whole, changed by one process at a time, never half written. */
import { LockstepError, messageOf } from '../domain/errors.ts';
import { type TargetRecord, targetStatuses } from '../domain/target.ts';
import { type JsonPath, mistakeAt, valueAt } from './json-position.ts';
import { acquireLock, type LockPorts, stateLockPath } from './lock.ts';
import type { StatePlaces } from './state-dir.ts';

/** The reference's JSON. Fields that this version does not know are kept, at the top and in every target. */
export interface Registry {
  /** Absent means 1. */
  readonly version?: number;
  readonly targets: readonly TargetRecord[];
}

export interface RegistryStore {
  /** No targets when there is no file. Throws `registry-invalid` with file:line:column, `format-newer`. */
  read(): Registry;
  /** Reads, changes and replaces under a lock, waiting up to 20 seconds for others; what `change` answers is durable then. */
  update(change: (registry: Registry) => Registry | Promise<Registry>): Promise<Registry>;
}

export const registryVersion = 1;

/** How long an update waits for the other ones, in milliseconds. */
const wait = 20_000;

type Shape = (value: unknown) => boolean;
const isText: Shape = (value) => typeof value === 'string' && value !== '';
const isFlag: Shape = (value) => typeof value === 'boolean';
const isTexts: Shape = (value) => Array.isArray(value) && value.every((item) => typeof item === 'string');
const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);
const isTime: Shape = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));

interface Field {
  readonly is: Shape;
  readonly says: string;
  /** What a missing field means; without it the field is needed, unless it is `optional`. */
  readonly otherwise?: unknown;
  readonly optional?: true;
}

/** In the order of the reference, then the optional ones: the order that they are written in. */
const fields: Readonly<Record<string, Field>> = {
  name: { is: isText, says: 'a name' },
  path: { is: isText, says: 'a path relative to the main project' },
  type: { is: isText, says: 'an integration type' },
  last_sync: { is: orNull(isTime), says: 'a time such as 2026-02-24T00:00:00Z, or null', otherwise: null },
  sync_version: { is: orNull(isText), says: 'a version such as v1.2.3, or null', otherwise: null },
  status: {
    is: (value) => targetStatuses.some((status) => status === value),
    says: `one of ${targetStatuses.join(', ')}`,
    otherwise: 'unknown',
  },
  python: { is: isText, says: 'a path', optional: true },
  checkout: { is: isText, says: 'a path', optional: true },
  pipeline: { is: isText, says: "a pipeline's name", optional: true },
  labels: { is: isTexts, says: 'a list of texts', optional: true },
  wave: { is: Number.isInteger, says: 'a whole number', optional: true },
  hold: { is: isFlag, says: 'true or false', optional: true },
  sync_commit: { is: isText, says: 'a commit id', optional: true },
  roots: { is: isTexts, says: 'a list of paths', optional: true },
  status_by_hand: { is: isFlag, says: 'true or false', optional: true },
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

type Complain = (path: JsonPath, what: string) => LockstepError;

const checkTarget = (entry: unknown, index: number, complain: Complain): TargetRecord => {
  if (!isObject(entry)) throw complain(['targets', index], `target ${index + 1} is not an object`);
  const label = typeof entry.name === 'string' && entry.name !== '' ? `target ${entry.name}` : `target ${index + 1}`;
  const missing: [string, unknown][] = [];
  for (const [name, field] of Object.entries(fields)) {
    if (entry[name] === undefined) {
      if (field.optional) continue;
      if (field.otherwise === undefined) throw complain(['targets', index], `${label} has no ${name}`);
      missing.push([name, field.otherwise]);
    } else if (!field.is(entry[name])) {
      throw complain(['targets', index, name], `${label}: ${name} must be ${field.says}`);
    }
  }
  // Checked field by field above; what is left are fields that a later version added.
  return { ...entry, ...Object.fromEntries(missing) } as unknown as TargetRecord;
};

const parseJson = (file: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LockstepError('registry-invalid', `${file}:${mistakeAt(text)}: not valid JSON`, {
      cause: error,
      details: [messageOf(error)],
      hint: 'mend the file, or move it away and add the targets again',
    });
  }
};

/** Reads the text of a registry. `file` is what complaints call it. */
export const parseRegistry = (file: string, text: string): Registry => {
  const plain = text.replace(/^\ufeff/, '');
  const complain: Complain = (path, what) =>
    new LockstepError('registry-invalid', `${file}:${valueAt(plain, path)}: ${what}`, {
      hint: 'mend the file by hand',
    });
  const parsed = parseJson(file, plain);
  if (!isObject(parsed)) throw complain([], 'the registry must be an object that holds "targets"');
  const { version = registryVersion, targets } = parsed;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw complain(['version'], 'version must be a whole number');
  }
  if (version > registryVersion) {
    throw new LockstepError(
      'format-newer',
      `${file} has format ${version}; this lockstep knows formats up to ${registryVersion}`,
      { hint: 'update lockstep' },
    );
  }
  if (!Array.isArray(targets)) throw complain(['targets'], '"targets" must be a list');
  const records = targets.map((entry, index) => checkTarget(entry, index, complain));
  const twice = records.findIndex((record, index) => records.findIndex((other) => other.name === record.name) < index);
  if (twice >= 0) throw complain(['targets', twice, 'name'], `target ${records[twice]?.name} is listed twice`);
  return { ...parsed, targets: records };
};

const ordered = (record: TargetRecord): Readonly<Record<string, unknown>> => {
  const known = Object.keys(fields);
  const rank = (key: string): number => (known.includes(key) ? known.indexOf(key) : known.length);
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => rank(a) - rank(b)));
};

/** The text of a registry, two spaces deep, keys in the reference's order. */
export const formatRegistry = (registry: Registry): string =>
  `${JSON.stringify({ ...registry, targets: registry.targets.map(ordered) }, undefined, 2)}\n`;

/** The registry of one main project. A file that an update leaves as it was is not written. */
export const openRegistry = (ports: LockPorts, places: StatePlaces): RegistryStore => {
  const read = (): Registry =>
    ports.files.stat(places.registry) === undefined
      ? { targets: [] }
      : parseRegistry(places.registry, ports.files.readText(places.registry));
  return {
    read,
    update: async (change) => {
      const lock = await acquireLock(ports, [stateLockPath(places, 'registry')], {
        what: 'a change of the registry',
        waitMs: wait,
      });
      try {
        const before = read();
        const after = { ...before, ...(await change(before)) };
        if (formatRegistry(after) !== formatRegistry(before))
          ports.state.replace(places.registry, formatRegistry(after));
        return after;
      } finally {
        lock.release();
      }
    },
  };
};
