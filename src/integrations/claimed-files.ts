/** Tells which files a receipt claims though Lockstep cannot have written them: what is gone from main is deleted on its word alone. Reads only. */
import { LockstepError } from '../domain/errors.ts';
import { isInside, type RootedPath, toAbsolute } from '../domain/paths.ts';
import type { ReceiptFile } from '../domain/receipt.ts';
import { presentBlobs } from '../store/main-history.ts';
import { placeFor } from './component-files.ts';
import type { TargetContext } from './target-context.ts';

type ClaimContext = Pick<TargetContext, 'project' | 'layout' | 'main' | 'fill'>;

const placesOf = (context: ClaimContext, component: string): readonly string[] =>
  (context.project.components.find(({ name }) => name === component)?.sources ?? []).flatMap(
    ({ into }) => placeFor(context, into) ?? [],
  );

/** By blob; undefined for those that are not here. */
const digestsHere = async ({ main }: ClaimContext, blobs: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  try {
    return await main.digests(blobs);
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'object-missing') throw error;
    return main.digests(await presentBlobs(main, blobs));
  }
};

/**
 * Those of a component's claims that are not believed. Copied files are main's blobs, byte for byte: a claim holds when
 * its digest is that of its blob. Where main's history no longer has the blob, it holds for a path below one of the
 * places that the component goes to now.
 */
export const unprovenClaims = async (
  context: ClaimContext,
  component: string,
  claims: ReadonlyMap<RootedPath, ReceiptFile>,
): Promise<ReadonlySet<RootedPath>> => {
  if (claims.size === 0) return new Set();
  const blobs = [...claims.values()].flatMap(({ blob }) => blob ?? []);
  const digests = await digestsHere(context, blobs);
  const places = placesOf(context, component);
  const holds = ([path, { blob, sha256 }]: readonly [RootedPath, ReceiptFile]): boolean => {
    const known = blob === undefined ? undefined : digests.get(blob);
    if (known !== undefined) return known === sha256;
    const absolute = toAbsolute(context.layout.roots, path);
    return blob !== undefined && places.some((place) => isInside(place, absolute));
  };
  return new Set([...claims].filter((claim) => !holds(claim)).map(([path]) => path));
};
