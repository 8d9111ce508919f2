/** Receipts as they lie in targets: read only when whole and of a known format, written the same for the same facts. */
import { join } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { Roots } from '../domain/paths.ts';
import { type Receipt, receiptFormat } from '../domain/receipt.ts';
import type { Files } from '../ports.ts';
import { wrongEntry } from './receipts/entries.ts';

/** The one folder that Lockstep owns in a target, relative to the target's folder. */
export const lockstepFolder = '.lockstep';

/** Absolute path of a main project's receipt in a target. Throws `receipt-invalid` for an id that is no plain file name. */
export const receiptPath = (targetRoot: string, projectId: string): string => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(projectId)) {
    throw new LockstepError(
      'receipt-invalid',
      `"${projectId}" cannot name a receipt: letters, digits, dots and dashes`,
    );
  }
  return join(targetRoot, lockstepFolder, 'receipts', `${projectId}.json`);
};

type Shape = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text: Shape = (value) => typeof value === 'string';
const textOrNull: Shape = (value) => value === null || text(value);
const natural: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
const mapOf =
  (shape: Shape): Shape =>
  (value) =>
    isObject(value) && Object.values(value).every(shape);
const oneOf =
  (...words: readonly unknown[]): Shape =>
  (value) =>
    words.includes(value);

/** The first field that does not fit, as a dotted path; undefined when all fit. Fields that are not named are ignored. */
const misfit = (value: unknown, fields: Readonly<Record<string, Shape>>): string | undefined => {
  if (!isObject(value)) return 'it is not an object';
  const name = Object.keys(fields).find((field) => !fields[field]?.(value[field]));
  return name === undefined ? undefined : `"${name}" is missing or wrong`;
};
const shapeOf =
  (fields: Readonly<Record<string, Shape>>): Shape =>
  (value) =>
    misfit(value, fields) === undefined;

const component = shapeOf({
  commit: text,
  files: mapOf(shapeOf({ sha256: text, mode: natural, blob: optional(text), link: optional(text) })),
  dirs: listOf(text),
  package: optional(
    shapeOf({ name: text, version: text, source: optional(text), wheel: textOrNull, checkout: optional(text) }),
  ),
});

const receipt: Readonly<Record<string, Shape>> = {
  format: oneOf(receiptFormat),
  project: text,
  target: text,
  commit: textOrNull,
  version: textOrNull,
  run: text,
  time: text,
  components: mapOf(component),
  config: mapOf(shapeOf({ from: text, blob: text, salt: text, keys: mapOf(text) })),
  decisions: listOf(
    shapeOf({
      path: text,
      key: optional(text),
      component: optional(text),
      choice: oneOf('kept', 'replaced'),
      cause: text,
      main: text,
      owner: text,
    }),
  ),
  steps: optional(mapOf(text)),
  restored: optional(mapOf(shapeOf({ backup: text, time: text }))),
  restoredPaths: optional(mapOf(shapeOf({ component: text, backup: text, time: text }))),
  quarantine: optional(listOf(shapeOf({ component: text, commit: text, backup: text, time: text }))),
};

const damaged = (path: string, why: string, cause?: unknown): LockstepError =>
  new LockstepError('receipt-invalid', `the receipt ${path} is damaged: ${why}`, {
    hint: `take it out of the way: mv ${path} ${path}.old; the next sync then compares every file with main's history`,
    cause,
  });

/** Throws `receipt-invalid` or `format-newer`, naming `path`. */
export const parseReceipt = (json: string, path: string): Receipt => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw damaged(path, messageOf(error), error);
  }
  if (isObject(value) && Number.isSafeInteger(value.format) && Number(value.format) > receiptFormat) {
    throw new LockstepError(
      'format-newer',
      `the receipt ${path} was written by a newer Lockstep (format ${value.format}; this one knows ${receiptFormat})`,
      { hint: 'update Lockstep here, then run the same command again' },
    );
  }
  const why = misfit(value, receipt);
  if (why !== undefined) throw damaged(path, why);
  const entry = wrongEntry(value as Receipt);
  if (entry !== undefined) throw damaged(path, entry);
  return value as Receipt;
};

/** Keys sorted at every depth. Objects without a prototype, so that a file named `__proto__` stays a file. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value).sort()) copy[key] = sorted(value[key]);
  return copy;
};

/** The same text for the same facts, whatever order they were gathered in. */
export const serialiseReceipt = (facts: Receipt): string => `${JSON.stringify(sorted(facts), null, 2)}\n`;

type Where = Pick<Roots, 'target'>;

export interface Receipts {
  /** Absolute path of a main project's receipt. */
  path(roots: Where, projectId: string): string;
  /** undefined when there is none. Throws `receipt-invalid` or `format-newer`, naming the file. */
  read(roots: Where, projectId: string): Receipt | undefined;
}

/** Receipts of targets, read from the disk. They are written by a transaction's commit and nothing else. */
export const openReceipts = ({ files }: { readonly files: Files }): Receipts => ({
  path: (roots, projectId) => receiptPath(roots.target, projectId),
  read: (roots, projectId) => {
    const path = receiptPath(roots.target, projectId);
    const found = files.stat(path);
    if (found === undefined) return undefined;
    if (found.kind !== 'file') throw damaged(path, 'it is not a file');
    const facts = parseReceipt(files.readText(path), path);
    if (facts.project !== projectId) throw damaged(path, `it says that it belongs to "${facts.project}"`);
    return facts;
  },
});
