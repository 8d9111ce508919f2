/** Collects what is wrong with the files of one pipeline, each problem at its place and no more of them than anybody reads. */
import { type KnownNames, unknownName } from '../config/known-names.ts';
import { type Problem, problemIn, short, suggestion } from '../config/problem.ts';
import type { YamlFile, YamlPath } from '../config/yaml-file.ts';
import { namesHeldBy } from '../domain/named-option.ts';
import type { ExpressionProblem } from './expression-problems.ts';

/** More than these are one mistake made often; finding the place of each takes time. */
const most = 200;

export type YamlMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The problems so far, and the file whose values are looked at. */
export interface Complaints {
  readonly file: YamlFile;
  readonly problems: Problem[];
}

/** Goes on gathering in the same list, with the values of another file. */
export const inFile = ({ problems }: Complaints, file: YamlFile): Complaints => ({ file, problems });

export const isFull = ({ problems }: Complaints): boolean => problems.length >= most;

/** Adds a problem at a value, or at its key. */
export const complain = (to: Complaints, path: YamlPath, message: string, part: 'key' | 'value' = 'value'): void => {
  if (!isFull(to)) to.problems.push(to.file.problem(path, message, part));
};

/** Adds problems of parts of a text, by their places in it. */
export const problemsInside = (to: Complaints, path: YamlPath, faults: readonly ExpressionProblem[]): void => {
  for (const { message, range } of faults)
    if (!isFull(to)) to.problems.push(problemIn(to.file, to.file.inside(path, range), message));
};

/** Refuses keys that nothing reads: a typing error must not turn a setting off. */
export const refuseUnknownKeys = (
  to: Complaints,
  at: { readonly map: YamlMap; readonly path: YamlPath },
  known: readonly string[],
): void => {
  for (const key of Object.keys(at.map)) {
    if (isFull(to)) return;
    if (!known.includes(key))
      complain(to, [...at.path, key], `unknown key \`${short(key, 60)}\`${suggestion(key, known)}`, 'key');
  }
};

/** Refuses names that the project does not have, in the options that hold names. */
export const refuseUnknownNames = (
  to: Complaints,
  schema: object,
  at: { readonly options: YamlMap; readonly path: YamlPath; readonly known: KnownNames },
): void => {
  const properties: unknown = 'properties' in schema ? schema.properties : undefined;
  for (const [option, shape] of Object.entries(isMap(properties) ? properties : {})) {
    const thing = namesHeldBy(shape);
    const words = Object.hasOwn(at.options, option) ? at.options[option] : undefined;
    if (thing === undefined || !Array.isArray(words)) continue;
    words.forEach((word: unknown, index) => {
      if (typeof word !== 'string' || isFull(to)) return;
      const why = unknownName(word, thing, at.known);
      if (why !== undefined) complain(to, [...at.path, option, index], why);
    });
  }
};
