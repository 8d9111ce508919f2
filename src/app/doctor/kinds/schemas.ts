/** Whether the copies of the schemas in the project are those of this Lockstep. */
import { join } from 'node:path';
import {
  type CopyState,
  judgeCopy,
  type StampedSchemaName,
  stampedSchema,
  stampedSchemaNames,
} from '../../../config/stamped-schema.ts';
import type { HookSite } from '../../hooks/ground.ts';
import { writeInMain } from '../../write-in-main.ts';
import { type DoctorCheck, type Finding, fine, warning } from '../doctor-check.ts';

interface Copy {
  readonly name: StampedSchemaName;
  /** Absolute. */
  readonly path: string;
  readonly state: CopyState;
}

const copiesIn = ({ ports, git }: HookSite): readonly Copy[] =>
  stampedSchemaNames.flatMap((name) => {
    const path = join(git.root, 'schemas', name);
    if (ports.files.stat(path)?.kind !== 'file') return [];
    return [{ name, path, state: judgeCopy(name, ports.files.readText(path)) }];
  });

const findingOf = ({ name, path, state }: Copy): readonly Finding[] => {
  const subject = `schemas/${name}`;
  switch (state) {
    case 'current':
      return [];
    case 'other-version':
      return [
        warning("another version's: editors check by it", { subject, mend: 'lockstep doctor --fix', mendable: true }),
      ];
    case 'changed':
      return [
        warning("not as Lockstep wrote it, and not this version's", {
          subject,
          mend: `mv '${path}' '${path}.mine' && lockstep init`,
        }),
      ];
  }
};

export const schemas: DoctorCheck = {
  name: 'schemas',
  summary: 'the copies of the schemas that editors check by',
  look: async ({ site }) => {
    const copies = copiesIn(await site());
    const findings = copies.flatMap(findingOf);
    if (findings.length > 0) return findings;
    return [fine(copies.length === 0 ? 'no copies in this project' : 'all of this version')];
  },
  mend: async ({ site: open, version }) => {
    const site = await open();
    return copiesIn(site)
      .filter(({ state }) => state === 'other-version')
      .map(({ name, path }) => {
        writeInMain(site, path, stampedSchema(name, version));
        return `brought schemas/${name} up to date`;
      });
  },
};
