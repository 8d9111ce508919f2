/** Follows what Python files import, and other files that they name, as far as those are tracked files of the same folder. */
import { dirname, join } from 'node:path/posix';
import type { TreeEntry } from '../../ports.ts';
import type { MainTree } from '../../store/main-tree.ts';

export interface ImportRequest {
  /** The files to begin with. */
  readonly files: readonly TreeEntry[];
  /** All files that can be meant. */
  readonly entries: readonly TreeEntry[];
  /** Folders that Python looks in, besides that of each file. */
  readonly folders: readonly string[];
  /** Files that are not followed. */
  readonly except: (path: string) => boolean;
}

const importLine = /^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+([^\n#]*)|import[ \t]+([^\n#]+))/gm;
const quoted = /(["'])([\w./ -]+\.[A-Za-z]\w{0,9})\1/g;
/** Read for what they say to people, and changed often. */
const document = /\.(md|rst|adoc)$/i;

const names = (list: string): readonly string[] => list.split(/[\s,();\\]+/).filter((name) => /^[\w.]+$/.test(name));

/** Modules that a text imports: `a.b` and, because `b` of `from a import b` may be one, that too; leading dots kept. */
const modulesIn = (text: string): readonly string[] => {
  const whole = text.replace(/\(([^()]*)\)/g, (_all, list: string) => ` ${list.replace(/\s+/g, ' ')} `);
  return [...whole.matchAll(importLine)].flatMap(([, from, what = '', plain = '']) =>
    from === undefined
      ? names(plain.replace(/\s+as\s+\w+/g, ''))
      : [from, ...names(what).map((name) => `${from}${from.endsWith('.') ? '' : '.'}${name}`)],
  );
};

/** The files of `a.b.c` in a folder: every package on the way runs too. */
const filesOf = (module: string, folder: string): readonly string[] => {
  const parts = module.split('.').filter((part) => part !== '');
  return parts.flatMap((_part, index) => {
    const path = join(folder, ...parts.slice(0, index + 1));
    return [`${path}.py`, `${path}/__init__.py`];
  });
};

/** `..a` is looked for two folders up. */
const foldersFor = (module: string, own: string, folders: readonly string[]): readonly string[] => {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  return dots === 0 ? [own, ...folders] : [join(own, ...Array.from({ length: dots - 1 }, () => '..'))];
};

/** Files that the given ones lead to, without those. Throws `object-missing`. */
export const importedFiles = async (
  main: MainTree,
  { files, entries, folders, except }: ImportRequest,
): Promise<readonly TreeEntry[]> => {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const found = new Map(files.map((file) => [file.path, file]));
  let next: readonly TreeEntry[] = files;
  while (next.length > 0) {
    const contents = await main.read(next.map(({ blob }) => blob));
    const wanted = next.flatMap(({ path, blob, mode }) => {
      const text = contents.get(blob)?.toString('utf8') ?? '';
      const own = dirname(path) === '.' ? '' : dirname(path);
      if (mode === '120000') return [join(own, text)];
      if (!path.endsWith('.py')) return [];
      const modules = modulesIn(text).flatMap((module) =>
        foldersFor(module, own, folders).flatMap((folder) => filesOf(module, folder)),
      );
      const read = [...text.matchAll(quoted)].flatMap(([, , name = '']) =>
        document.test(name) ? [] : [own, ...folders].map((folder) => join(folder, name)),
      );
      return [...modules, ...read];
    });
    next = [...new Set(wanted)].flatMap((path) => {
      const entry = byPath.get(path);
      if (entry === undefined || found.has(path) || except(path)) return [];
      found.set(path, entry);
      return [entry];
    });
  }
  return [...found.values()].slice(files.length);
};
