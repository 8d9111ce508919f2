/**
 * What a disk may show after a power failure: replays writing calls and knows which of them were flushed. Flushing a file
 * keeps its content and mode, flushing a folder keeps the names in it; everything else may be there, half there or not.
 */
import type { Noted } from './hooked.ts';
import type { Luck } from './luck.ts';

interface FileNode {
  readonly kind: 'file';
  bytes: Buffer;
  mode: number;
  /** As of the last flush; null for a file that never was flushed. */
  flushed: { readonly bytes: Buffer; readonly mode: number } | null;
}

interface LinkNode {
  readonly kind: 'link';
  readonly to: string;
}

interface FolderNode {
  readonly kind: 'dir';
  mode: number;
  flushedMode: number;
  readonly names: Map<string, DiskNode>;
}

type DiskNode = FileNode | LinkNode | FolderNode;

/** One name in one folder, and what it means from then on; null when it is gone. */
interface NameChange {
  readonly folder: FolderNode;
  readonly name: string;
  readonly node: DiskNode | null;
}

/** Changes of names that happen together or not at all. */
interface NameCall {
  readonly changes: readonly NameChange[];
  /** The other half of a move: the old name never goes before the new one is there. */
  readonly needs: NameCall | null;
  flushed: boolean;
}

export type Survivor =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly bytes: Buffer;
      readonly mode: number;
      readonly file: object;
    }
  | { readonly kind: 'link'; readonly path: string; readonly to: string; readonly file: object }
  | { readonly kind: 'dir'; readonly path: string; readonly mode: number };

export interface DiskModel {
  /** Plays one more call. */
  readonly play: (call: Noted) => void;
  /** What stands on the disk if the power fails now. Paths as the calls have them, folders before what is in them. */
  readonly survivors: (luck: Luck) => readonly Survivor[];
}

export interface ModelRules {
  /**
   * `whole`: a move between two folders is on the disk in both or in neither, as every journaling file system has it.
   * `in halves`: the new name may be there while the old one still is; no file loses both.
   */
  readonly moves: 'whole' | 'in halves';
}

const folderOf = (mode: number): FolderNode => ({ kind: 'dir', mode, flushedMode: mode, names: new Map() });

const contentOf = (node: FileNode, luck: Luck): Buffer => {
  const old = node.flushed?.bytes ?? Buffer.alloc(0);
  if (old.equals(node.bytes)) return node.bytes;
  const how = luck.content();
  if (how === 'all') return node.bytes;
  if (how === 'none') return old;
  // What was appended to goes on from what was flushed; what was written anew starts from nothing.
  const grows = node.bytes.length >= old.length && node.bytes.subarray(0, old.length).equals(old);
  const kept = luck.cut(grows ? old.length : 0, node.bytes.length);
  if (how === 'part') return node.bytes.subarray(0, kept);
  return Buffer.concat([node.bytes.subarray(0, kept), Buffer.alloc(node.bytes.length - kept)]);
};

/** A model that starts from what stands under `root`, all of it flushed. */
export const openDisk = (root: string, standing: readonly Survivor[], { moves }: ModelRules): DiskModel => {
  const top = folderOf(0o755);
  const byInode = new Map<number, FileNode>();
  const calls: NameCall[] = [];

  const partsOf = (path: string): readonly string[] => path.slice(root.length + 1).split('/');
  const find = (path: string): DiskNode | undefined => {
    if (path === root) return top;
    let at: DiskNode | undefined = top;
    for (const part of partsOf(path)) at = at?.kind === 'dir' ? at.names.get(part) : undefined;
    return at;
  };
  const place = (path: string): { readonly folder: FolderNode; readonly name: string } => {
    const folder = find(path.slice(0, path.lastIndexOf('/')));
    if (folder?.kind !== 'dir') throw new Error(`the model has no folder for ${path}`);
    return { folder, name: partsOf(path).at(-1) ?? '' };
  };
  const must = (path: string): DiskNode => {
    const node = find(path);
    if (node === undefined) throw new Error(`the model has no ${path}`);
    return node;
  };
  const change = (changes: readonly NameChange[]): void => {
    for (const { folder, name, node } of changes) {
      if (node === null) folder.names.delete(name);
      else folder.names.set(name, node);
    }
    // A folder never has two names, whatever happened.
    const isWhole = moves === 'whole' || changes.some(({ node }) => node?.kind === 'dir');
    const together = isWhole ? [changes] : changes.map((one) => [one]);
    let needs: NameCall | null = null;
    for (const some of together.filter((one) => one.length > 0)) {
      const call: NameCall = { changes: some, needs, flushed: false };
      calls.push(call);
      needs = call;
    }
  };

  const nodes = new Map<object, DiskNode>();
  const nodeOf = (one: Survivor): DiskNode => {
    if (one.kind === 'dir') return folderOf(one.mode);
    const { bytes, mode } = one.kind === 'file' ? one : { bytes: Buffer.alloc(0), mode: 0 };
    const made: DiskNode =
      one.kind === 'link' ? { kind: 'link', to: one.to } : { kind: 'file', bytes, mode, flushed: { bytes, mode } };
    const node = nodes.get(one.file) ?? made;
    nodes.set(one.file, node);
    return node;
  };
  for (const one of standing) {
    const { folder, name } = place(one.path);
    folder.names.set(name, nodeOf(one));
  }
  const initial = new Map<FolderNode, ReadonlyMap<string, DiskNode>>();
  const remember = (folder: FolderNode): void => {
    initial.set(folder, new Map(folder.names));
    for (const node of folder.names.values()) if (node.kind === 'dir') remember(node);
  };
  remember(top);

  const sharesName = (a: NameCall, b: NameCall): boolean =>
    a.changes.some((x) => b.changes.some((y) => x.folder === y.folder && x.name === y.name));

  const flushFolder = (folder: FolderNode): void => {
    folder.flushedMode = folder.mode;
    for (const [i, call] of calls.entries()) {
      if (call.flushed || !call.changes.some((one) => one.folder === folder)) continue;
      call.flushed = true;
      // What is on the disk took place after whatever else happened to its names.
      for (const earlier of calls.slice(0, i)) {
        if (earlier === call.needs || sharesName(earlier, call)) earlier.flushed = true;
      }
    }
  };

  const fileAt = (ino: number, path: string): FileNode => {
    const found = byInode.get(ino) ?? find(path);
    if (found?.kind !== 'file') throw new Error(`the model has no file ${path}`);
    return found;
  };

  /** Names that a call changes; none for a call that changes content or flushes. */
  const changesOf = (call: Noted): readonly NameChange[] => {
    switch (call.call) {
      case 'create': {
        const node: FileNode = { kind: 'file', bytes: Buffer.alloc(0), mode: call.mode, flushed: null };
        byInode.set(call.ino, node);
        return [{ ...place(call.path), node }];
      }
      case 'rename':
        return [
          { ...place(call.path), node: must(call.from) },
          { ...place(call.from), node: null },
        ];
      case 'link':
        return [{ ...place(call.path), node: must(call.from) }];
      case 'symlink':
        return [{ ...place(call.path), node: { kind: 'link', to: call.to } }];
      case 'mkdir':
        return [{ ...place(call.path), node: folderOf(call.mode) }];
      case 'unlink':
      case 'rmdir':
        return [{ ...place(call.path), node: null }];
      default:
        return [];
    }
  };

  const play = (call: Noted): void => {
    change(changesOf(call));
    if (call.call === 'write') {
      const node = fileAt(call.ino, call.path);
      node.bytes = Buffer.concat([node.bytes, Buffer.from(call.base64, 'base64')]);
    } else if (call.call === 'truncate') fileAt(call.ino, call.path).bytes = Buffer.alloc(0);
    else if (call.call === 'fsync') {
      const node = byInode.get(call.ino) ?? must(call.path);
      if (node.kind === 'file') node.flushed = { bytes: node.bytes, mode: node.mode };
      else if (node.kind === 'dir') flushFolder(node);
    } else if (call.call === 'chmod') {
      const node = byInode.get(call.ino) ?? must(call.path);
      if (node.kind !== 'link') node.mode = call.mode;
    }
  };

  const survivors = (luck: Luck): readonly Survivor[] => {
    const names = new Map<FolderNode, Map<string, DiskNode>>();
    const namesOf = (folder: FolderNode): Map<string, DiskNode> => {
      const known = names.get(folder) ?? new Map(initial.get(folder) ?? []);
      names.set(folder, known);
      return known;
    };
    const lost: NameCall[] = [];
    for (const [i, call] of calls.entries()) {
      // What happened to a name later is on the disk only with what happened to it before.
      if (!call.flushed && (!luck.name(i) || lost.some((one) => one === call.needs || sharesName(one, call)))) {
        lost.push(call);
        continue;
      }
      for (const { folder, name, node } of call.changes) {
        if (node === null) namesOf(folder).delete(name);
        else namesOf(folder).set(name, node);
      }
    }
    const found: Survivor[] = [];
    const contents = new Map<FileNode, { readonly bytes: Buffer; readonly mode: number }>();
    const visit = (folder: FolderNode, path: string): void => {
      for (const [name, node] of namesOf(folder)) {
        const at = `${path}/${name}`;
        if (node.kind === 'link') found.push({ kind: 'link', path: at, to: node.to, file: node });
        else if (node.kind === 'dir') {
          found.push({ kind: 'dir', path: at, mode: luck.content() === 'all' ? node.mode : node.flushedMode });
          visit(node, at);
        } else {
          const known = contents.get(node) ?? {
            bytes: contentOf(node, luck),
            mode: luck.content() === 'all' ? node.mode : (node.flushed?.mode ?? node.mode),
          };
          contents.set(node, known);
          found.push({ kind: 'file', path: at, ...known, file: node });
        }
      }
    };
    visit(top, root);
    return found;
  };

  return { play, survivors };
};
