/** The schemas as they are copied into a project: each says who wrote it, so that a copy which somebody edited is told from an older one. */
import { createHash } from 'node:crypto';
import { jsonSchemas } from './schema.ts';

/** The files that a person writes are checked by these. */
export const stampedSchemaNames = ['sync.config.schema.json', 'pipeline.schema.json'] as const;

export type StampedSchemaName = (typeof stampedSchemaNames)[number];

/** `changed`: edited since, or never stamped, and not what this version says. */
export type CopyState = 'current' | 'other-version' | 'changed';

const digest = (schema: object): string => createHash('sha256').update(JSON.stringify(schema)).digest('hex');

const schemaOf = (name: StampedSchemaName): object => jsonSchemas()[name] ?? {};

/** @param version of the Lockstep that writes it */
export const stampedSchema = (name: StampedSchemaName, version: string): string => {
  const schema = schemaOf(name);
  const stamp = `written by lockstep ${version}; sha256 ${digest(schema)}`;
  return `${JSON.stringify({ $comment: stamp, ...schema }, undefined, 2)}\n`;
};

const parse = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    // Somebody's edit made it no JSON: that is a change like any other.
    return undefined;
  }
};

/** What a copy is, by its text. */
export const judgeCopy = (name: StampedSchemaName, text: string): CopyState => {
  const { $comment, ...schema } = parse(text) ?? {};
  if (digest(schema) === digest(schemaOf(name))) return 'current';
  const stamped = typeof $comment === 'string' ? /; sha256 ([0-9a-f]{64})$/.exec($comment)?.[1] : undefined;
  return stamped === digest(schema) ? 'other-version' : 'changed';
};
