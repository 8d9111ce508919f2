/** Keeps what came along with the package, such as its dependencies, in the receipts of later runs, so that a rollback can take it away. */
import { stateOfRecord } from '../../domain/file-compare.ts';
import { sameContent } from '../../domain/file-state.ts';
import { isInside, type RootedPath, toAbsolute } from '../../domain/paths.ts';
import type { ReceiptFile } from '../../domain/receipt.ts';
import type { TargetContext } from '../target-context.ts';
import { packagePlace } from './place.ts';

/** Whether the root that a rooted path names is one that the target has now. */
const hasRoot = ({ roots }: TargetContext['layout'], path: RootedPath): boolean =>
  !(path.startsWith('@python/') && roots.python === undefined) &&
  !(path.startsWith('@checkout/') && roots.checkout === undefined);

/**
 * Files of the target's Python that an earlier run brought with the package and that this one does not speak of. One
 * that is gone, or holds something else now (pip upgraded it, its owner edited it), is no longer what Lockstep wrote,
 * and drops out; so does what lies in another Python than the one that the target has now.
 */
export const cameAlong = (
  { receipt, layout, ports }: Pick<TargetContext, 'receipt' | 'layout' | 'ports'>,
  isSpokenOf: (path: RootedPath) => boolean,
): Readonly<Record<RootedPath, ReceiptFile>> => {
  const place = packagePlace({ layout, ports });
  const folders = [place?.site, place?.scripts, place?.prefix].filter((folder) => typeof folder === 'string');
  const stands = (path: RootedPath, record: ReceiptFile): boolean => {
    const absolute = toAbsolute(layout.roots, path);
    return (
      folders.some((folder) => isInside(folder, absolute)) &&
      sameContent(ports.files.state(absolute), stateOfRecord(record))
    );
  };
  return Object.fromEntries(
    Object.entries(receipt?.components.package?.files ?? {}).filter(
      ([path, record]) => !isSpokenOf(path) && hasRoot(layout, path) && stands(path, record),
    ),
  );
};
