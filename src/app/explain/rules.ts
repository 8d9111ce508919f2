/** Which rule of `sync.config.yaml` brings a file of main into a target, and which one keeps it out. */
import { posix } from 'node:path';
import picomatch from 'picomatch';
import { type ComponentFile, intoFor, type ResolvedComponent } from '../../domain/components.ts';
import { cleanRelative, type RootedPath, toRooted } from '../../domain/paths.ts';
import type { ComponentSource, ComponentSpec, Project } from '../../domain/project.ts';
import { type ComponentContext, placeFor } from '../../integrations/component-files.ts';

/** One source of a component, as it is written. */
export interface Rule {
  readonly component: string;
  readonly from: string;
  /** The template for this type of target. */
  readonly into: string;
  readonly exclude: readonly string[];
  readonly onConflict: ComponentSpec['onConflict'];
}

/** The path below a source; undefined when the source does not hold it. */
const below = (from: string, path: string): string | undefined => {
  const root = cleanRelative(from);
  if (path === root) return posix.basename(root);
  if (root === '') return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined;
};

interface Candidate {
  readonly spec: ComponentSpec;
  readonly source: ComponentSource;
  readonly from: string;
  readonly rest: string;
}

const candidatesFor = (project: Project, mainPath: string): readonly Candidate[] =>
  project.components.flatMap((spec) =>
    spec.sources.flatMap((source) =>
      source.from.flatMap((from): Candidate[] => {
        const rest = below(from, mainPath);
        return rest === undefined ? [] : [{ spec, source, from, rest }];
      }),
    ),
  );

/** The source that claims a path for a component; undefined when none does any more. */
export const ruleOf = (
  context: ComponentContext,
  { component, path, file }: { readonly component: string; readonly path: RootedPath; readonly file: ComponentFile },
): Rule | undefined => {
  const { project, layout } = context;
  for (const { spec, source, from, rest } of candidatesFor(project, file.mainPath)) {
    const into = intoFor(source.into, layout.type);
    const place = spec.name === component ? placeFor(context, source.into) : undefined;
    if (into === undefined || place === undefined) continue;
    if (toRooted(layout.roots, posix.join(place, rest)) !== path) continue;
    return { component, from, into, exclude: source.exclude, onConflict: spec.onConflict };
  }
  return undefined;
};

/** Why a file of main does not come into a target: one cause for each source that holds it, or that none does. */
export const whyNotHere = (
  { project, layout }: Pick<ComponentContext, 'project' | 'layout'>,
  mainPath: string,
  components: readonly ResolvedComponent[],
): string => {
  const causes = candidatesFor(project, mainPath).map(({ spec, source, from, rest }) => {
    if (intoFor(source.into, layout.type) === undefined)
      return `not synced here: ${spec.name} (from ${from}) has no \`into\` for targets of type ${layout.type}`;
    const glob = source.exclude.find((one) => picomatch.isMatch(rest, one, { dot: true }));
    if (glob !== undefined) return `excluded: ${spec.name} (from ${from}) leaves out \`${glob}\``;
    const warning = components
      .find(({ name }) => name === spec.name)
      ?.warnings.find((line) => line.startsWith(`${mainPath} `));
    return warning ?? `left out by ${spec.name} (from ${from})`;
  });
  const { path } = project.package;
  if (path !== null && below(path, mainPath) !== undefined)
    causes.push(`it is built into the package ${project.package.name}, which brings its own files`);
  return causes.length === 0 ? 'no component of sync.config.yaml takes it' : causes.join('; ');
};

/** The glob of `protect:` that keeps a path the target's own; undefined when none does. */
export const protectedBy = ({ protect }: Pick<Project, 'protect'>, path: RootedPath): string | undefined =>
  protect.find((glob) => picomatch.isMatch(path, glob, { dot: true }));
