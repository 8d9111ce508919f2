/** `config-parses`: every configuration file that Lockstep merges is there and valid. */

import { resolve } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { formatOf } from '../formats/index.ts';
import { placeFor } from '../integrations/component-files.ts';
import type { CheckContext, CheckKind } from './check.ts';

const options = Type.Object(
  {
    files: Type.Optional(
      Type.Array(Type.String(), { description: "relative to the target's folder; the merged ones when left out" }),
    ),
  },
  { additionalProperties: false },
);

const filesOf = async (context: CheckContext, asked: readonly string[] | undefined): Promise<readonly string[]> => {
  if (asked !== undefined) return asked.map((path) => resolve(context.layout.roots.target, context.fill(path)));
  const places: string[] = [];
  for (const spec of context.project.config) {
    const place = placeFor(context, spec.into);
    // What main has no version of is not merged, so it need not be there.
    if (place !== undefined && (await context.main.under(spec.from)).length > 0) places.push(place);
  }
  return places;
};

const troubleWith = ({ ports }: CheckContext, path: string): string | undefined => {
  if (ports.files.real(path) === undefined) return `${path}: missing`;
  try {
    formatOf(path).parse(ports.files.readText(path));
    return undefined;
  } catch (error) {
    if (error instanceof LockstepError) return `${path}: ${messageOf(error)}`;
    throw error;
  }
};

export const configParses: CheckKind = {
  name: 'config-parses',
  summary: 'The configuration files are there and valid.',
  with: options,
  run: async (context, given) => {
    const files = await filesOf(context, (given as Static<typeof options>).files);
    if (files.length === 0) return { outcome: 'passed', cause: 'no configuration file is meant for this target' };
    const wrong = files.flatMap((path) => troubleWith(context, path) ?? []);
    return wrong.length === 0
      ? { outcome: 'passed', cause: files.length === 1 ? `${files[0]} is valid` : `${files.length} files are valid` }
      : { outcome: 'failed', cause: wrong[0] ?? '', details: wrong };
  },
};
