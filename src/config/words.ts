/** The small schemas that the files of Lockstep share. */
import { type TSchema, type TString, type TUnion, Type } from '@sinclair/typebox';
import { durationPattern } from '../domain/duration.ts';

/** `3s`, `5m`, `4h`, `2d`. */
export const duration = (description: string): TString =>
  Type.String({ pattern: durationPattern, description: `${description}: a number and ms, s, m, h or d, such as 30s` });

/** Text that says something. */
export const text = (description: string): TString => Type.String({ minLength: 1, description });

/** One of some words; a description for each where a record is given. */
export const oneOf = (words: readonly string[] | Readonly<Record<string, string>>, description: string): TUnion =>
  Type.Union(
    Array.isArray(words)
      ? words.map((word: string) => Type.Literal(word))
      : Object.entries(words).map(([word, meaning]) => Type.Literal(word, { description: meaning })),
    { description },
  );

/** A list of different texts. */
export const texts = (description: string, minItems = 0): TSchema =>
  Type.Array(Type.String({ minLength: 1 }), { description, uniqueItems: true, minItems });

/** What components, categories, suites, steps and integration types may be called. */
export const namePattern = '^[A-Za-z][A-Za-z0-9_-]*$';

/** A map from names to values of one shape. */
export const named = (value: TSchema, description: string): TSchema =>
  Type.Record(Type.String({ pattern: namePattern }), value, { description, additionalProperties: false });

/** A map that knows its keys. */
export const closed = (
  description: string,
): { readonly description: string; readonly additionalProperties: false } => ({
  description,
  additionalProperties: false,
});

/** For a step or check: what `with:` holds depends on what `uses:` names. */
export const withByKind = (kinds: readonly { readonly name: string; readonly with: TSchema }[]): readonly object[] =>
  kinds.map((kind) => ({
    if: { properties: { uses: { const: kind.name } }, required: ['uses'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: {
      properties: { with: kind.with },
      ...(needsOptions(kind.with)
        ? { required: ['with'], $comment: `\`${kind.name}\` needs options under \`with:\`` }
        : {}),
    },
  }));

const needsOptions = (schema: TSchema): boolean => Array.isArray(schema.required) && schema.required.length > 0;
