/** What every component wants in one target, from the run's commit, checked against each other and against the target's grounds. */
import {
  type ComponentFile,
  checkClaims,
  executable,
  intoFor,
  type MainEntry,
  placeOf,
  type ResolvedComponent,
  resolveComponent,
} from '../domain/components.ts';
import { LockstepError } from '../domain/errors.ts';
import type { DesiredFile } from '../domain/file-compare.ts';
import { groundsOf } from '../domain/grounds.ts';
import { isInside, type RootedPath, toRooted } from '../domain/paths.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { MainTree } from '../store/main-tree.ts';
import type { TargetContext } from './target-context.ts';

export type ComponentContext = Pick<TargetContext, 'project' | 'layout' | 'main' | 'fill'>;

export interface ComponentFiles {
  readonly components: readonly ResolvedComponent[];
  /** About all of them together, such as names that differ only in case. */
  readonly warnings: readonly string[];
}

/** Fills `into`. Throws `target-invalid` where a target without a place for the package is asked for it. */
const filler =
  ({ layout, fill }: ComponentContext) =>
  (template: string): string => {
    if (layout.packageDir === null && template.includes('target.package_dir')) {
      throw new LockstepError(
        'target-invalid',
        `\`into: ${template}\` asks for the package's folder, and this target has none`,
        {
          ...(layout.pythonCause === null ? {} : { details: [layout.pythonCause] }),
          hint: 'map `into` by type, or name the Python: lockstep target update <name> --python <path>',
        },
      );
    }
    return fill(template);
  };

/** The folder or file that an `into` means for a target, absolute; undefined when its type does not get it. */
export const placeFor = (context: ComponentContext, into: Parameters<typeof intoFor>[0]): string | undefined => {
  const template = intoFor(into, context.layout.type);
  return template === undefined ? undefined : placeOf(template, context.layout.roots, filler(context));
};

/** Configuration files as claims, so that no component takes one of them. */
const configClaims = (context: ComponentContext): ResolvedComponent => {
  const files = new Map<RootedPath, ComponentFile>();
  for (const { from, into } of context.project.config) {
    const place = placeFor(context, into);
    if (place === undefined) continue;
    files.set(toRooted(context.layout.roots, place), { mainPath: from, blob: '', mode: '100644', size: null });
  }
  return { name: 'config', files, applies: true, cause: null, warnings: [] };
};

const linkTexts = async (main: MainTree, entries: readonly MainEntry[]): Promise<ReadonlyMap<string, string>> => {
  const blobs = entries.filter((entry) => entry.mode === '120000').map((entry) => entry.blob);
  if (blobs.length === 0) return new Map();
  return new Map([...(await main.read(blobs))].map(([blob, bytes]) => [blob, bytes.toString('utf8')]));
};

/**
 * Resolves all components of the project, those that a step does not run included: no path belongs to two.
 * Throws `path-refused`, `target-invalid`, `object-missing`.
 */
export const componentFiles = async (context: ComponentContext): Promise<ComponentFiles> => {
  const { project, layout, main } = context;
  const { roots } = layout;
  const tree = await main.under('');
  const sources = new Set(project.components.flatMap((spec) => spec.sources.flatMap((source) => source.from)));
  const under = new Map<string, readonly MainEntry[]>();
  for (const from of sources) {
    const entries = [...(await main.under(from)), ...(await main.unnamed(from))];
    under.set(from.replace(/^(\.\/)+/, '').replace(/\/+$/, ''), entries);
  }
  const links = await linkTexts(main, [...under.values()].flat());
  const inMain = [roots.target, roots.python, roots.checkout].some(
    (root) => root !== undefined && isInside(project.root, root),
  );
  const refused = groundsOf({
    roots,
    protect: project.protect,
    mainRoot: project.root,
    mainTracked: new Set(inMain ? tree.map((entry) => entry.path) : []),
    checkout: layout.linkedToMain ? null : (layout.checkout ?? roots.checkout ?? null),
  });
  const components = project.components.map((spec) =>
    resolveComponent({
      spec,
      type: layout.type,
      roots,
      commit: main.commit,
      fill: filler(context),
      entries: (path) =>
        under.get(path) ??
        tree.filter((entry) => path === '' || entry.path === path || entry.path.startsWith(`${path}/`)),
      linkText: (blob) => links.get(blob),
      refused,
    }),
  );
  return { components, warnings: checkClaims([...components, configClaims(context)]) };
};

/** sha256 by blob id, as the receipt knows them: what was synced before need not be read again. */
const knownDigests = (receipt: Receipt | undefined): ReadonlyMap<string, string> =>
  new Map(
    Object.values(receipt?.components ?? {}).flatMap((component) =>
      Object.values(component.files).flatMap((file) =>
        file.blob === undefined || file.link !== undefined ? [] : [[file.blob, file.sha256] as const],
      ),
    ),
  );

const digestsOf = async (main: MainTree, files: readonly ComponentFile[]): Promise<ReadonlyMap<string, string>> => {
  try {
    return await main.digests(files.map((file) => file.blob));
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'object-missing') throw error;
    const named = files.filter(
      (file) => error.details.some((line) => line.startsWith(file.blob)) || error.message.includes(file.blob),
    );
    if (named.length === 0) throw error;
    throw new LockstepError(
      'object-missing',
      `${named[0]?.mainPath} is in main at ${main.commit.slice(0, 10)}, but this clone lacks its content`,
      {
        details: named.map((file) => `${file.mainPath} (${file.blob})`),
        hint: `${error.hint ?? 'fetch what is missing'}; or leave it out with \`exclude\``,
        cause: error,
      },
    );
  }
};

/** Components' files with their digests, in one reading of main. Throws `object-missing`, naming the files. */
export const desiredFiles = async (
  main: MainTree,
  components: readonly ResolvedComponent[],
  receipt: Receipt | undefined,
): Promise<ReadonlyMap<RootedPath, DesiredFile>> => {
  const known = knownDigests(receipt);
  const all = components.flatMap((component) => [...component.files]);
  const unread = all.map(([, file]) => file).filter((file) => file.link === undefined && !known.has(file.blob));
  const read = unread.length === 0 ? new Map<string, string>() : await digestsOf(main, unread);
  // Where git could not tell sizes without the contents, the contents tell.
  const sizeless = all.flatMap(([, file]) => (file.size === null && file.link === undefined ? [file.blob] : []));
  const contents = sizeless.length === 0 ? new Map<string, Buffer>() : await main.read(sizeless);
  return new Map(
    all.map(([path, file]): [RootedPath, DesiredFile] => {
      const { blob, link } = file;
      if (link !== undefined) return [path, { blob, state: { kind: 'link', to: link } }];
      const sha256 = known.get(blob) ?? read.get(blob) ?? '';
      const mode = executable(file.mode) ? 0o755 : 0o644;
      return [
        path,
        { blob, state: { kind: 'file', sha256, mode, size: file.size ?? contents.get(blob)?.length ?? 0 } },
      ];
    }),
  );
};
