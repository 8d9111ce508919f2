/** Tells which synced files main still has, though the `from` that brought them names nothing: a slip of the pen deletes nothing. Reads only. */
import { cleanRelative, isInside, type RootedPath, toAbsolute } from '../domain/paths.ts';
import type { ReceiptFile } from '../domain/receipt.ts';
import { placeFor } from './component-files.ts';
import type { TargetContext } from './target-context.ts';

type SourceContext = Pick<TargetContext, 'project' | 'layout' | 'main' | 'fill' | 'receipt'>;

/** Neither the run's commit has it nor the one that was synced last: main did not take it away. */
const wasNever = async ({ main, receipt }: SourceContext, component: string, from: string): Promise<boolean> => {
  const entries = [...(await main.under(from)), ...(await main.unnamed(from))];
  const synced = receipt?.components[component]?.commit;
  return (
    entries.length === 0 &&
    (synced === undefined || (await main.repo.object(synced, cleanRelative(from))) === undefined)
  );
};

/** Absolute places of a component whose sources are misnamed. */
const placesOf = async (context: SourceContext, component: string): Promise<readonly string[]> => {
  const sources = context.project.components.find(({ name }) => name === component)?.sources ?? [];
  const places = await Promise.all(
    sources.map(async ({ from, into }) => {
      const never = await Promise.all(from.map((path) => wasNever(context, component, path)));
      return never.includes(true) ? (placeFor(context, into) ?? []) : [];
    }),
  );
  return places.flat();
};

/** Every way to end each path with whole names: `c.md`, `b/c.md`, `a/b/c.md`. */
const endings = (paths: readonly string[]): ReadonlySet<string> =>
  new Set(
    paths.flatMap((path) => {
      const names = path.split('/');
      return names.map((_, at) => names.slice(at).join('/'));
    }),
  );

/** Those of the claims that stand where a misnamed source put them, and that main has below another name. */
export const misnamedClaims = async (
  context: SourceContext,
  component: string,
  claims: ReadonlyMap<RootedPath, ReceiptFile>,
): Promise<ReadonlySet<RootedPath>> => {
  const places = claims.size === 0 ? [] : await placesOf(context, component);
  if (places.length === 0) return new Set();
  const inMain = endings((await context.main.under('')).map(({ path }) => path));
  return new Set(
    [...claims.keys()].filter((path) => {
      const absolute = toAbsolute(context.layout.roots, path);
      return places.some((place) => isInside(place, absolute) && inMain.has(absolute.slice(place.length + 1)));
    }),
  );
};
