/** What stands at a path: the unit that plans, journals, backups and receipts compare. */

export type FileState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'file'; readonly sha256: string; readonly mode: number; readonly size: number }
  | { readonly kind: 'link'; readonly to: string }
  | { readonly kind: 'dir'; readonly mode: number }
  /** A socket, device, fifo, or a name that is not UTF-8: never touched. */
  | { readonly kind: 'other' };

export const absent: FileState = { kind: 'absent' };

/** Equal in kind, content and permission bits. */
export const sameState = (a: FileState, b: FileState): boolean => {
  if (a.kind === 'file' && b.kind === 'file') return a.sha256 === b.sha256 && a.mode === b.mode;
  if (a.kind === 'link' && b.kind === 'link') return a.to === b.to;
  if (a.kind === 'dir' && b.kind === 'dir') return true;
  return a.kind === b.kind && a.kind === 'absent';
};

/** Whether two folders have the same permission bits; true for all else. Those above 0777 are inherited from the folder around. */
export const sameFolderMode = (a: FileState, b: FileState): boolean =>
  a.kind !== 'dir' || b.kind !== 'dir' || (a.mode & 0o777) === (b.mode & 0o777);

/** Equal as far as a time can be set again: in whole microseconds, milliseconds before 1970. */
export const sameTime = (a: bigint, b: bigint): boolean =>
  a < 0n || b < 0n ? a / 1_000_000n === b / 1_000_000n : a / 1000n === b / 1000n;

/** Equal as far as git cares: content, and for a file whether it may be executed. */
export const sameContent = (a: FileState, b: FileState): boolean => {
  if (a.kind === 'file' && b.kind === 'file') {
    return a.sha256 === b.sha256 && (a.mode & 0o100) === (b.mode & 0o100);
  }
  return sameState(a, b);
};
