/** Says which changes concern a target: those of files that lie in one of its components. */
import { posix } from 'node:path';
import { compileGlobs } from './categories.ts';
import type { ChangeRecord, ChangeSet } from './change.ts';
import { pathsOf } from './changes.ts';
import { intoFor } from './components.ts';
import type { ComponentSource, Into, Project } from './project.ts';

/** The parts of a project that decide what reaches a target. */
export type ComponentMap = Pick<Project, 'components' | 'config'> & {
  readonly package: Pick<Project['package'], 'path'>;
};

export interface Concern {
  /** The record with only those files that reach the target. */
  readonly record: ChangeRecord;
  /** The components that they lie in, sorted. */
  readonly components: readonly string[];
}

export interface Concerns {
  readonly concerned: readonly Concern[];
  /** What changed without reaching the target. */
  readonly others: readonly ChangeRecord[];
}

/** A source as it is compared: plain, without a slash at the end; '' is all of main. */
export const cleanSource = (path: string): string => posix.join('.', path).replace(/\/+$/, '').replace(/^\.$/, '');

const applies = (into: Into, type: string): boolean => intoFor(into, type) !== undefined;

/** A path below a folder, or the file itself; undefined when it is neither. */
const below = (folder: string, path: string): string | undefined => {
  if (folder === '') return path;
  if (path === folder) return posix.basename(path);
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
};

const sourceTest = (source: ComponentSource): ((path: string) => boolean) => {
  const folders = source.from.map(cleanSource);
  const excluded = compileGlobs(source.exclude);
  return (path) =>
    folders.some((folder) => {
      const rest = below(folder, path);
      return rest !== undefined && !excluded(rest);
    });
};

/** The components of a type of target that a path of main lies in; `package` and `config` among them. */
export const componentsOf = (project: ComponentMap, targetType: string): ((path: string) => readonly string[]) => {
  const parts: { readonly name: string; readonly holds: (path: string) => boolean }[] = [];
  const { path: folder } = project.package;
  if (folder !== null) parts.push({ name: 'package', holds: (path) => below(cleanSource(folder), path) !== undefined });
  for (const { name, sources } of project.components) {
    const tests = sources.filter((source) => applies(source.into, targetType)).map(sourceTest);
    parts.push({ name, holds: (path) => tests.some((test) => test(path)) });
  }
  const files = new Set(
    project.config.filter(({ into }) => applies(into, targetType)).map(({ from }) => cleanSource(from)),
  );
  parts.push({ name: 'config', holds: (path) => files.has(path) });
  return (path) => parts.filter((part) => part.holds(path)).map((part) => part.name);
};

/** Splits every record into what reaches targets of a type and what does not; a file that left a component reaches it. */
export const concerns = (project: ComponentMap, changes: Pick<ChangeSet, 'records'>, targetType: string): Concerns => {
  const componentsFor = componentsOf(project, targetType);
  const concerned: Concern[] = [];
  const others: ChangeRecord[] = [];
  for (const record of changes.records) {
    const placed = record.files.map((file) => ({ file, components: pathsOf(file).flatMap(componentsFor) }));
    const inside = placed.filter(({ components }) => components.length > 0);
    const outside = placed.filter(({ components }) => components.length === 0);
    if (inside.length > 0) {
      concerned.push({
        record: { ...record, files: inside.map(({ file }) => file) },
        components: [...new Set(inside.flatMap(({ components }) => components))].sort(),
      });
    }
    if (outside.length > 0) others.push({ ...record, files: outside.map(({ file }) => file) });
  }
  return { concerned, others };
};
