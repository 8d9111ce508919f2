/** `config-parses`: every configuration file that Lockstep merges is there and valid, or as its owner decided. */

import { resolve } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { ownerOf } from '../domain/file-compare.ts';
import { rootOf, toAbsolute, toRooted } from '../domain/paths.ts';
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

/** Whether the file is kept by a recorded decision: it was so before the run, which left it alone. */
const isKept = ({ ports, layout, receipt }: CheckContext, place: string): boolean => {
  if (rootOf(layout.roots, place) === undefined) return false;
  const { files } = ports;
  const path = toRooted(layout.roots, place);
  /** What stood on the way still does. */
  const blocked = (owner: string): boolean => {
    const [, folder] = /^below:(.*)$/s.exec(owner) ?? [];
    const absolute = folder === undefined ? undefined : toAbsolute(layout.roots, folder);
    return absolute !== undefined && (files.real(absolute) !== absolute || files.stat(absolute)?.kind !== 'dir');
  };
  return (receipt?.decisions ?? []).some(
    ({ path: decided, key, choice, owner }) =>
      decided === path &&
      key === undefined &&
      choice === 'kept' &&
      (blocked(owner) || owner === ownerOf(files.state(place))),
  );
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
    const troubled = files.flatMap((path) => {
      const trouble = troubleWith(context, path);
      return trouble === undefined ? [] : [{ trouble, kept: isKept(context, path) }];
    });
    const wrong = troubled.flatMap(({ trouble, kept }) => (kept ? [] : [trouble]));
    if (wrong.length > 0) return { outcome: 'failed', cause: wrong[0] ?? '', details: wrong };
    const valid = files.length - troubled.length;
    const counted = files.length === 1 ? `${files[0]} is valid` : `${valid} files are valid`;
    if (troubled.length === 0) return { outcome: 'passed', cause: counted };
    const details = troubled.map(({ trouble }) => `${trouble}; kept as its owner has it`);
    return { outcome: 'passed', cause: [...(valid === 0 ? [] : [counted]), details[0] ?? ''].join('; '), details };
  },
};
