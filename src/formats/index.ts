/** The registry of configuration formats. */
import { extname } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { Format } from './format.ts';
import { toml } from './toml.ts';

export const formats: readonly Format[] = [toml];

/** The format of a file, by its name's ending. Throws `merge-failed` naming the formats there are. */
export const formatOf = (path: string): Format => {
  const ending = extname(path).toLowerCase();
  const found = formats.find((format) => format.extensions.includes(ending));
  if (found !== undefined) return found;
  const known = formats.flatMap((format) => format.extensions.map((extension) => `${format.name} (${extension})`));
  throw new LockstepError('merge-failed', `${path} cannot be merged: its format is not known`, {
    hint: `configuration files that can be merged: ${known.join(', ')}`,
  });
};
