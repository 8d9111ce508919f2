/** Finds which words of a command name tracked files of main, and brings those files along from the run's commit. */
import { dirname, join, posix } from 'node:path';
import { executable } from '../../domain/components.ts';
import { LockstepError } from '../../domain/errors.ts';
import { isInside } from '../../domain/paths.ts';
import type { TargetContext } from '../../integrations/target-context.ts';
import type { Tree, TreeEntry } from '../../ports.ts';
import type { MainTree } from '../../store/main-tree.ts';

const cleaned = (word: string): string => word.replace(/^(\.\/)+/, '');

/** The files of main that words name, by word. */
export const namedFiles = async (main: MainTree, words: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const tracked = new Set((await main.under('')).filter(({ mode }) => /^100/.test(mode)).map(({ path }) => path));
  return new Map(words.filter((word) => tracked.has(cleaned(word))).map((word) => [word, cleaned(word)]));
};

/** Files, and what comes along with them: all of their folders; nothing with one that lies at main's top. Sorted. */
export const filesAlong = async (main: MainTree, paths: Iterable<string>): Promise<readonly TreeEntry[]> => {
  const found = new Map<string, TreeEntry>();
  const places = [...paths].map((path) => (posix.dirname(path) === '.' ? path : posix.dirname(path)));
  for (const place of new Set(places)) for (const entry of await main.under(place)) found.set(entry.path, entry);
  return [...found.values()].filter(({ mode }) => mode !== '160000').sort((a, b) => (a.path < b.path ? -1 : 1));
};

const makeFolders = (tree: Tree, root: string, made: Set<string>): ((dir: string) => void) => {
  const make = (dir: string): void => {
    if (dir === root || made.has(dir)) return;
    make(dirname(dir));
    tree.mkdir(dir, 0o755);
    made.add(dir);
  };
  return make;
};

/**
 * Writes files as the commit has them into a fresh scratch folder, and answers with it. A link that leads out of it is
 * left out. Throws `object-missing`.
 */
export const exportFiles = async (
  { ports, main }: Pick<TargetContext, 'ports' | 'main'>,
  entries: readonly TreeEntry[],
): Promise<string> => {
  const blobs = await main.read(entries.map(({ blob }) => blob));
  const root = ports.files.scratch('script');
  const tree = ports.openTree({ roots: [root] });
  const makeFolder = makeFolders(tree, root, new Set());
  for (const { path, blob, mode } of entries) {
    const bytes = blobs.get(blob);
    if (bytes === undefined) throw new LockstepError('object-missing', `main has no object for ${path}`);
    const to = join(root, path);
    makeFolder(dirname(to));
    if (mode !== '120000') tree.write(to, bytes, executable(mode) ? 0o755 : 0o644);
    else if (isInside(root, join(dirname(to), bytes.toString('utf8'))) && !bytes.toString('utf8').startsWith('/')) {
      tree.symlink(to, bytes.toString('utf8'));
    }
  }
  return root;
};
