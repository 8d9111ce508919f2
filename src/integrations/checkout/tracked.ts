/** Says of a clone which tracked files it will hold: the receipt lists them, so that a restore can take them back. */
import { join } from 'node:path';
import { type RootedPath, toRooted } from '../../domain/paths.ts';
import type { Action } from '../../domain/plan.ts';
import type { ReceiptComponent, ReceiptFile } from '../../domain/receipt.ts';
import type { TreeEntry } from '../../ports.ts';
import { sha256 } from '../../store/main-tree.ts';
import type { TargetContext } from '../target-context.ts';
import type { Clone } from './clone.ts';

export interface TrackedRequest {
  readonly clone: Pick<Clone, 'root'>;
  /** The files of the commit that the clone will stand at. */
  readonly now: readonly TreeEntry[];
  readonly earlier: ReceiptComponent | undefined;
  readonly actions: readonly Action[];
  /** Paths that hold their owner's edits: what stands there was not written by Lockstep. */
  readonly edits: readonly string[];
}

/** Each tracked file as the work tree will have it, filters applied; unchanged ones are taken from the earlier receipt. */
export const trackedFiles = (
  { ports, layout }: Pick<TargetContext, 'ports' | 'layout'>,
  { clone, now, earlier, actions, edits }: TrackedRequest,
): Readonly<Record<RootedPath, ReceiptFile>> => {
  const planned = new Map(actions.flatMap((action) => (action.kind === 'file' ? [[action.path, action.after]] : [])));
  const edited = new Set(edits);
  const files: Record<RootedPath, ReceiptFile> = {};
  for (const { path, blob, mode } of now) {
    if (mode === '160000') continue;
    const absolute = join(clone.root, path);
    const rooted = toRooted(layout.roots, absolute);
    const known = earlier?.files[rooted];
    const after = planned.get(rooted);
    if (after === undefined && known?.blob === blob) {
      files[rooted] = known;
      continue;
    }
    if (edited.has(path)) continue;
    const state = after ?? ports.files.state(absolute);
    if (state.kind === 'file') files[rooted] = { sha256: state.sha256, mode: state.mode, blob };
    if (state.kind === 'link') files[rooted] = { sha256: sha256(state.to), mode: 0o777, blob, link: state.to };
  }
  return files;
};
