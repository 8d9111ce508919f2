/** Reads both sides of a configuration merge, naming file, line and column of what cannot be read. */
import { type Base, baseOfDigests, baseOfValue, noBase } from '../../domain/config-base.ts';
import type { Value } from '../../domain/config-value.ts';
import { LockstepError } from '../../domain/errors.ts';
import { cleanRelative } from '../../domain/paths.ts';
import type { Format } from '../../formats/format.ts';
import { formatOf } from '../../formats/index.ts';
import type { TreeEntry } from '../../ports.ts';
import { untouchedCopies } from '../../store/main-history.ts';
import type { Site } from './site.ts';

/** Text with its byte order mark, if any. Throws `merge-failed` for what is not UTF-8. */
export const textOf = (bytes: Uint8Array, name: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LockstepError('merge-failed', `${name} is not UTF-8 text`, { hint: 'save it as UTF-8, then run again' });
  }
};

/** Throws `merge-failed` naming the file, line and column. */
export const parseNamed = (
  format: Format,
  text: string,
  { name, hint }: { readonly name: string; readonly hint: string },
): Value => {
  try {
    return format.parse(text);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    throw new LockstepError('merge-failed', `${name}: ${error.message}`, { hint });
  }
};

/** Main's file at the run's commit; undefined when it is not there. Throws `merge-failed` for a link or a submodule. */
export const mainFile = async ({ context, spec }: Site): Promise<TreeEntry | undefined> => {
  const path = cleanRelative(spec.from);
  const entry = (await context.main.under(path)).find((file) => file.path === path);
  if (entry === undefined || entry.mode.startsWith('100')) return entry;
  throw new LockstepError('merge-failed', `${spec.from} of main is not a plain file, so it cannot be merged`);
};

/** Bytes and value of one version of main's file. Throws `object-missing`, `merge-failed`. */
export const mainValue = async (
  site: Site,
  blob: string,
): Promise<{ readonly bytes: Buffer; readonly value: Value }> => {
  const { context, spec } = site;
  const bytes = (await context.main.read([blob])).get(blob);
  if (bytes === undefined)
    throw new LockstepError('object-missing', `${spec.from} (${blob}) is not in the main project`);
  const name = `${spec.from} of main at ${context.run.commit.slice(0, 12)}`;
  const value = parseNamed(formatOf(spec.from), textOf(bytes, name), { name, hint: 'mend it in main and commit' });
  return { bytes, value };
};

/** At a first sync: the version of main that a file copied by hand still is. */
const firstBase = async (site: Site, owner: Buffer): Promise<Base> => {
  const { context, spec } = site;
  const mainPath = cleanRelative(spec.from);
  const blob = (await untouchedCopies(context.main, [{ key: site.path, mainPath, bytes: owner }])).get(site.path);
  return blob === undefined ? noBase : baseOfValue((await mainValue(site, blob)).value);
};

/** Main's value at the last merge: its blob while history has it, else what the receipt remembers of it. */
export const baseOf = async (site: Site, owner: Buffer): Promise<Base> => {
  const { recorded } = site;
  if (recorded === undefined) return firstBase(site, owner);
  try {
    return baseOfValue((await mainValue(site, recorded.blob)).value);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return baseOfDigests(recorded.keys, recorded.salt);
  }
};
