/** Looks at every pack of a folder as it stands: which objects lie where, and what of its two files is lost. Reads only. */
import { basename } from 'node:path';
import type { Files } from '../../ports.ts';
import { type Index, indexEnd, indexPath, objectsByHeader, packEnd, packPath, readIndex } from './pack-file.ts';

export interface PackFacts {
  readonly name: string;
  /** Bytes on the disk; undefined when the pack is gone. */
  readonly size: number | undefined;
  readonly index: 'whole' | 'damaged' | 'missing';
  /** Objects that lie within the file: by its index, and by the pack's own headers where that is not whole. Not read. */
  readonly objects: Index;
  /** Objects that the index names and the file is too short for. */
  readonly cut: Index;
}

const objectsOf = (
  files: Files,
  dir: string,
  facts: { name: string; size: number | undefined; index: Index | undefined },
) => {
  const { name, size, index } = facts;
  if (index === undefined)
    return { objects: size === undefined ? {} : objectsByHeader(files, packPath(dir, name)), cut: {} };
  const fits = ([, [offset, length]]: [string, readonly [number, number]]): boolean => offset + length <= (size ?? 0);
  const all = Object.entries(index);
  const objects = all.filter(fits);
  return objects.length === all.length
    ? { objects: index, cut: {} }
    : { objects: Object.fromEntries(objects), cut: Object.fromEntries(all.filter((entry) => !fits(entry))) };
};

/** Sorted by name, which is by age. Throws `format-newer`. */
export const surveyPacks = (files: Files, dir: string): readonly PackFacts[] => {
  const names = new Set<string>();
  for (const file of files.list(dir)) {
    if (file.endsWith(packEnd)) names.add(basename(file, packEnd));
    else if (file.endsWith(indexEnd)) names.add(basename(file, indexEnd));
  }
  return [...names].sort().map((name) => {
    const size = files.stat(packPath(dir, name))?.size;
    const index = readIndex(files, indexPath(dir, name));
    const missing = files.stat(indexPath(dir, name)) === undefined;
    return {
      name,
      size,
      index: index !== undefined ? 'whole' : missing ? 'missing' : 'damaged',
      ...objectsOf(files, dir, { name, size, index }),
    };
  });
};
