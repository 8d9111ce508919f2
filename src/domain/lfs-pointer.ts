/** Tells a pointer of Git LFS from content, and what is said of files that are pointers. Pure. */

/** By the specification, a pointer is shorter than this many bytes. */
export const longestPointer = 1024;

const start = 'version https://git-lfs.github.com/spec/v1\n';

/** Whether bytes stand for a file that is not in the commit. Old pointers with other first lines are not known for ones. */
export const isLfsPointer = (bytes: Uint8Array): boolean =>
  bytes.length < longestPointer && Buffer.from(bytes.subarray(0, start.length)).toString('latin1') === start;

/** One line about all pointers of a place, naming the first; none when there are none. */
export const pointerWords = (paths: readonly string[]): readonly string[] => {
  const [first] = paths;
  if (first === undefined) return [];
  const what = paths.length === 1 ? `${first} is a pointer` : `${paths.length} files are pointers`;
  const where = paths.length === 1 ? '' : ` (the first: ${first})`;
  return [
    `${what} of Git LFS, taken as committed, without the content behind ${paths.length === 1 ? 'it' : 'them'}${where}`,
  ];
};
