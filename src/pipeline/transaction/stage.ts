/** Writes a drafted batch into the staging places, all of it or none of it. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { Draft, Staged } from './draft.ts';
import { openPlace, stagePath, type Workplace } from './places.ts';

/** Bytes by sha256. */
export type ContentOf = (sha256: string) => Promise<Uint8Array>;

const verified = async (content: ContentOf, sha256: string): Promise<Uint8Array> => {
  const bytes = await content(sha256);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new Error(`content for ${sha256} hashes to ${found}`);
  return bytes;
};

const writeStaged = async (
  { tree, places }: Workplace,
  { entry, mtimeNs }: Staged,
  content: ContentOf,
): Promise<void> => {
  const path = stagePath(places, entry);
  if (path === undefined) return;
  if (entry.after.kind === 'link') tree.symlink(path, entry.after.to);
  if (entry.after.kind === 'file') tree.write(path, await verified(content, entry.after.sha256), entry.after.mode);
  // A rename keeps it: at no moment does the path have the right content and the wrong time.
  if (mtimeNs !== undefined) tree.touch(path, mtimeNs);
};

/** Removes what a batch left in its places. Trouble in doing so is left to the end of the transaction. */
export const discardStaged = ({ files, tree, places }: Workplace, draft: Draft): void => {
  for (const { entry } of draft.files) {
    const path = stagePath(places, entry);
    try {
      if (path !== undefined && files.stat(path) !== undefined) tree.unlink(path);
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
    }
  }
};

/** Stages and flushes a batch. Throws `disk` or what `content` throws. */
export const stageDraft = async (workplace: Workplace, draft: Draft, content: ContentOf): Promise<void> => {
  const { tree, places } = workplace;
  // Removed files are held in the place too, so every place that is used has to stand.
  const used = [...new Set(draft.files.map(({ entry }) => entry.place))];
  const folders = used.map((place) => openPlace(workplace, place));
  const above = folders.flatMap((folder) => [dirname(folder), dirname(dirname(folder))]);
  // While some are flushed, the next are written.
  const written = async function* (): AsyncIterable<string> {
    for (const item of draft.files) {
      await writeStaged(workplace, item, content);
      const path = stagePath(places, item.entry);
      if (path !== undefined && item.entry.after.kind === 'file') yield path;
    }
    yield* [...folders, ...above];
  };
  await tree.flushAll(written());
};
