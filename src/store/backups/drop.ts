/** Takes manifests away, for good before anything that they need goes, and what killed processes left half written beside them. */
import { dirname, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { Files, StateFiles } from '../../ports.ts';
import type { StatePlaces } from '../state-dir.ts';
import { manifestNames } from './manifest.ts';
import { unseal } from './sealed.ts';

type Ground = { readonly files: Files; readonly state: StateFiles };

/** The caller has the packs alone. Throws `disk`: those that went by then are gone, and the others are whole. */
export const dropManifests = ({ files, state }: Ground, places: StatePlaces, ids: ReadonlySet<string>): void => {
  const folders = new Set<string>();
  for (const { id, path } of manifestNames(files, places)) {
    if (!ids.has(id)) continue;
    state.remove(path);
    folders.add(dirname(path));
  }
  for (const folder of folders) state.flushDir(folder);
};

/** Manifests that can be read from the disk and are not what was written: no backup any more, whoever reads them. */
export const brokenManifests = (files: Files, places: StatePlaces): readonly string[] =>
  manifestNames(files, places).flatMap(({ id, path }) => {
    try {
      return unseal(files.readText(path)) === undefined ? [id] : [];
    } catch (error) {
      // A file that cannot be read now may be readable later, or by somebody else.
      if (error instanceof LockstepError) return [];
      throw error;
    }
  });

const isHalf = (name: string): boolean => /\.\d+\.[0-9a-f]+\.tmp$/.test(name);

/** The caller has the packs alone: whoever was writing these is dead. Throws `disk`. */
export const sweepHalfWritten = ({ files, state }: Ground, places: StatePlaces): void => {
  const folders = [places.packs, ...files.list(places.backups).map((name) => join(places.backups, name))];
  for (const folder of folders) for (const name of files.list(folder).filter(isHalf)) state.remove(join(folder, name));
};
