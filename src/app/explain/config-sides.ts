/** Reads both sides of a target's configuration files, and names their keys. Reads only. */
import { isTable, type KeyPath, type Value } from '../../domain/config-value.ts';
import { formatOf } from '../../formats/index.ts';
import type { TargetContext } from '../../integrations/target-context.ts';
import { mainFile, mainValue, parseNamed, textOf } from '../../steps/merge-config/read.ts';
import { type Site, siteOf } from '../../steps/merge-config/site.ts';

/** One configuration file of a target, with both sides read. */
export interface ConfigSide {
  readonly site: Site;
  /** Main's blob at the commit; null when it is not in main. */
  readonly blob: string | null;
  readonly main: Value | undefined;
  readonly owner: Value | undefined;
}

/** `a.b."c.d"`: as a person types it. */
export const keyText = (path: KeyPath): string =>
  path.map((key) => (/^[^.\s"']+$/.test(String(key)) ? String(key) : JSON.stringify(String(key)))).join('.');

/** Every configuration file that goes into the target. Throws what reading them throws, naming file and line. */
export const configSides = async (context: TargetContext): Promise<readonly ConfigSide[]> => {
  const sides: ConfigSide[] = [];
  for (const spec of context.project.config) {
    const site = siteOf(context, spec);
    if (site === undefined) continue;
    const { path, absolute, before } = site;
    const entry = await mainFile(site);
    const name = `${path} of ${context.target.name}`;
    sides.push({
      site,
      blob: entry?.blob ?? null,
      main: entry === undefined ? undefined : (await mainValue(site, entry.blob)).value,
      owner:
        before.kind === 'file'
          ? parseNamed(formatOf(path), textOf(context.ports.files.read(absolute), name), {
              name,
              hint: `mend ${absolute}, then ask again`,
            })
          : undefined,
    });
  }
  return sides;
};

/** Key paths of values, tables left out unless they are empty; lists are one value. */
const leavesOf = (value: Value | undefined, path: KeyPath = []): readonly KeyPath[] => {
  if (value === undefined) return [];
  if (!isTable(value) || (Object.keys(value).length === 0 && path.length > 0)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
};

/** Of the receipt's keys, items of lists left out. */
const recordedLeaves = ({ site }: ConfigSide): readonly KeyPath[] =>
  Object.keys(site.recorded?.keys ?? {})
    .map((key) => JSON.parse(key) as KeyPath)
    .filter((path) => path.length > 0 && path.every((key) => typeof key === 'string'));

/** All keys that either side has, or had at the last sync. */
export const keysIn = (side: ConfigSide): readonly KeyPath[] => {
  const all = [...leavesOf(side.owner), ...leavesOf(side.main), ...recordedLeaves(side)];
  return [...new Map(all.map((path) => [JSON.stringify(path), path])).values()];
};
