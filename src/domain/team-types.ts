/** Integration types that a team names itself: each behaves as the built-in one that it extends, with places and a pipeline of its own. */
import type { ComponentSpec, ConfigSpec, Into, Project, TypeSpec } from './project.ts';
import type { TargetRecord } from './target.ts';

type Types = Readonly<Record<string, TypeSpec>>;

const specOf = (types: Types, type: string): TypeSpec | undefined =>
  Object.hasOwn(types, type) ? types[type] : undefined;

/** The built-in type behind a type; the type itself when the team does not name it. */
export const baseType = (types: Types, type: string): string => specOf(types, type)?.extends ?? type;

/** The pipeline that a target runs: its own, that of its type, or the built-in one named after the type. */
export const pipelineFor = (
  { types }: Pick<Project, 'types'>,
  record: Pick<TargetRecord, 'pipeline' | 'type'>,
): string => record.pipeline ?? specOf(types, record.type)?.pipeline ?? baseType(types, record.type);

const mapped = <Parts extends Pick<Project, 'components' | 'config'>>(
  parts: Parts,
  change: (into: Into) => Into,
): Parts => ({
  ...parts,
  components: parts.components.map(
    (spec): ComponentSpec => ({
      ...spec,
      sources: spec.sources.map((source) => ({ ...source, into: change(source.into) })),
    }),
  ),
  config: parts.config.map((spec): ConfigSpec => ({ ...spec, into: change(spec.into) })),
});

const placeOf = (into: Exclude<Into, string>, type: string): string | undefined =>
  Object.hasOwn(into, type) ? into[type] : undefined;

const entry = (type: string, place: string | undefined): Readonly<Record<string, string>> =>
  place === undefined ? {} : { [type]: place };

/** Every `into` map with the team's types in it: a type that a map does not name gets the place of the one that it extends. */
export const withTypes = <Parts extends Pick<Project, 'components' | 'config'>>(parts: Parts, types: Types): Parts =>
  mapped(parts, (into) => {
    if (typeof into === 'string') return into;
    const more = Object.entries(types).map(([type, spec]) =>
      entry(type, placeOf(into, type) ?? placeOf(into, spec.extends)),
    );
    return Object.assign({}, into, ...more) as Into;
  });

/** The project as targets of a type see it: what is meant for their type stands where the built-in type looks. */
export const projectFor = (project: Project, type: string): Project => {
  const base = baseType(project.types, type);
  if (base === type) return project;
  return mapped(project, (into) =>
    typeof into === 'string' ? into : { ...into, ...entry(base, placeOf(into, type)) },
  );
};
