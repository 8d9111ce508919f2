/** Takes what stands at a path, whole: a file that changes while it is read is read again. */
import { createHash } from 'node:crypto';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { absent, type FileState } from '../../domain/file-state.ts';
import type { Files, Stat } from '../../ports.ts';
import type { KeptObjects, Trust } from './kept-objects.ts';
import type { PackWriter } from './pack-writer.ts';
import type { Seen } from './seen.ts';

export interface CaptureGround {
  readonly files: Files;
  readonly objects: KeptObjects;
  readonly writer: PackWriter;
  readonly seen: Seen;
}

export interface Captured {
  readonly state: FileState;
  readonly mtimeNs: string;
}

/** What is kept of a path where nothing stands. */
export const nothing: Captured = { state: absent, mtimeNs: '0' };

/** How often a file may change under the reading. */
const tries = 3;

/** Larger files are hashed first and copied in pieces only when they are new, so that they never fill the memory. */
const large = 64 << 20;
const pieceSize = 4 << 20;

const sameStat = (a: Stat, b: Stat | undefined): boolean =>
  b !== undefined &&
  a.kind === b.kind &&
  a.mode === b.mode &&
  a.size === b.size &&
  a.ino === b.ino &&
  a.dev === b.dev &&
  a.mtimeNs === b.mtimeNs &&
  a.ctimeNs === b.ctimeNs;

const failed = (message: string, hint: string, cause?: unknown): LockstepError =>
  new LockstepError('backup-failed', message, { hint, cause });

// A decoded name or link text with this in it no longer says what the bytes on the disk were.
const isDecoded = (text: string): boolean => !text.includes('\ufffd');

function* piecesOf(files: Files, path: string, length: number): Iterable<Uint8Array> {
  for (let at = 0; at < length; at += pieceSize) yield files.readRange(path, at, Math.min(pieceSize, length - at));
}

const digestOf = (pieces: Iterable<Uint8Array>): string => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

/** The digest of a file whose object is in a pack now; undefined when the file changed on the way. */
const store = (
  { files, objects, writer, seen }: CaptureGround,
  { path, stat, trust }: { readonly path: string; readonly stat: Stat; readonly trust: Trust },
): string | undefined => {
  const known = seen.find(path, stat);
  if (known !== undefined && objects.has(known, trust)) return known;
  const bytes = stat.size > large ? undefined : files.read(path);
  if (bytes !== undefined && bytes.length !== stat.size) return undefined;
  const pieces = (): Iterable<Uint8Array> => (bytes === undefined ? piecesOf(files, path, stat.size) : [bytes]);
  const sha256 = digestOf(pieces());
  // Before anything is written: the content that the digest is of must be the one that the size is of.
  if (!sameStat(stat, files.stat(path))) return undefined;
  if (!objects.has(sha256, trust)) {
    if (bytes !== undefined) writer.addHashed(sha256, bytes);
    else if (!writer.add(sha256, stat.size, pieces())) return undefined;
    if (bytes === undefined && !sameStat(stat, files.stat(path))) return undefined;
  }
  seen.note(path, stat, sha256);
  return sha256;
};

const captureOnce = (
  ground: CaptureGround,
  { path, stat, trust }: { readonly path: string; readonly stat: Stat; readonly trust: Trust },
): FileState | undefined => {
  const { files } = ground;
  switch (stat.kind) {
    case 'dir':
      return { kind: 'dir', mode: stat.mode };
    case 'link': {
      const to = files.readLink(path);
      if (!isDecoded(to))
        throw failed(`the link ${path} leads to a name that is not UTF-8`, 'rename what it leads to, or remove it');
      return sameStat(stat, files.stat(path)) ? { kind: 'link', to } : undefined;
    }
    case 'file': {
      const sha256 = store(ground, { path, stat, trust });
      return sha256 === undefined ? undefined : { kind: 'file', sha256, mode: stat.mode, size: stat.size };
    }
    case 'other': {
      if (!isDecoded(path))
        throw failed(`the name of ${path} is not UTF-8`, 'rename it: such names cannot be backed up');
      throw failed(
        `${path} is neither a file, a link nor a folder`,
        'remove it, or leave its component out of the sync',
      );
    }
  }
};

/**
 * What stands at a path, without reading a file: undefined where its stat data does not vouch for it, or its object is
 * not in the packs.
 */
export const recognise = (
  ground: Pick<CaptureGround, 'files' | 'seen'> & { readonly has: (sha256: string) => boolean },
  path: string,
  looked?: Stat,
): Captured | undefined => {
  const stat = looked ?? ground.files.stat(path);
  if (stat === undefined) return nothing;
  const mtimeNs = String(stat.mtimeNs);
  if (stat.kind === 'dir') return { state: { kind: 'dir', mode: stat.mode }, mtimeNs };
  if (stat.kind !== 'file') return undefined;
  const sha256 = ground.seen.find(path, stat);
  if (sha256 === undefined || !ground.has(sha256)) return undefined;
  return { state: { kind: 'file', sha256, mode: stat.mode, size: stat.size }, mtimeNs };
};

/** Throws `backup-failed`, naming a path that cannot be read, cannot be kept, or never stood still. */
export const capture = (ground: CaptureGround, path: string, trust: Trust): Captured => {
  for (let round = 0; round < tries; round += 1) {
    const stat = ground.files.stat(path);
    if (stat === undefined) return nothing;
    let state: FileState | undefined;
    try {
      state = captureOnce(ground, { path, stat, trust });
    } catch (error) {
      if (error instanceof LockstepError && error.code !== 'object-missing') throw error;
      // Unreadable because it went or turned into something else meanwhile: look again.
      if (sameStat(stat, ground.files.stat(path))) {
        throw failed(messageOf(error), 'give yourself the right to read it, then run the command again', error);
      }
    }
    if (state !== undefined) return { state, mtimeNs: String(stat.mtimeNs) };
  }
  throw failed(
    `${path} changed each of the ${tries} times that it was read`,
    'stop what is writing there, then run the command again',
  );
};
