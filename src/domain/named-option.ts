/** Marks options that hold names of the project, so that a wrong name is found when its file is read. */

/** What an option names: any component, one that is copied file by file, a suite of checks. */
export type NamedThing = 'component' | 'file component' | 'suite';

const mark = 'x-names';

/** Goes among the keywords of the option's schema: a list of texts. */
export const holdsNames = (thing: NamedThing): { readonly [mark]: NamedThing } => ({ [mark]: thing });

/** What the texts of an option name; undefined for one that names nothing. */
export const namesHeldBy = (schema: unknown): NamedThing | undefined =>
  schema !== null && typeof schema === 'object' && mark in schema ? (schema[mark] as NamedThing) : undefined;
