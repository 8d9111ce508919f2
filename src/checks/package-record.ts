/** `package-record`: every file that the installed package's RECORD names is there with that content. */

import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import type { FileState } from '../domain/file-state.ts';
import type { RootedPath } from '../domain/paths.ts';
import { type InstalledFile, installedCopies } from '../integrations/package/installed.ts';
import { packagePlace } from '../integrations/package/place.ts';
import type { CheckContext, CheckKind, CheckResult } from './check.ts';

/** What differs from RECORD; undefined when it is as recorded, or RECORD names no digest and something is there. */
const wrongWith = (file: InstalledFile, state: FileState): string | undefined => {
  if (state.kind === 'absent') return 'missing';
  if (file.base === null) return undefined;
  return state.kind === 'file' && state.sha256 === file.base ? undefined : 'not as recorded';
};

const isDecided = ({ receipt }: CheckContext, path: RootedPath, state: FileState): boolean => {
  const owner = state.kind === 'file' ? state.sha256 : state.kind === 'absent' ? 'deleted' : null;
  return (receipt?.decisions ?? []).some(
    (decision) =>
      decision.path === path && decision.choice === 'kept' && decision.key === undefined && decision.owner === owner,
  );
};

const judge = (context: CheckContext, site: string): CheckResult => {
  const { ports, project } = context;
  const place = packagePlace(context);
  const copies = place === undefined ? [] : installedCopies(ports.files, place, project.package.name);
  const [copy, second] = copies;
  if (copy === undefined) return { outcome: 'failed', cause: `${project.package.name} is not installed in ${site}` };
  if (second !== undefined) {
    return {
      outcome: 'failed',
      cause: `${project.package.name} is installed ${copies.length} times in ${site}`,
      details: copies.map(({ distInfo }) => distInfo),
    };
  }
  const name = `${project.package.name} ${copy.version}`;
  if (ports.files.stat(join(copy.distInfo, 'RECORD'))?.kind !== 'file') {
    return { outcome: 'could-not-run', cause: `${name} has no RECORD: nothing says what it should consist of` };
  }
  const wrong: string[] = [];
  const decided: string[] = [];
  for (const file of copy.files) {
    const state = ports.files.state(file.absolute);
    const trouble = wrongWith(file, state);
    if (trouble === undefined) continue;
    (isDecided(context, file.path, state) ? decided : wrong).push(`${file.path}: ${trouble}`);
  }
  const kept = decided.length === 0 ? '' : `, ${decided.length} kept as the owner has them`;
  const whole = `${copy.files.length - wrong.length - decided.length} of ${copy.files.length} files of ${name} are as recorded${kept}`;
  return wrong.length === 0
    ? { outcome: 'passed', cause: whole, details: decided }
    : { outcome: 'failed', cause: whole, details: [...wrong, ...decided] };
};

export const packageRecord: CheckKind = {
  name: 'package-record',
  summary: 'The installed package is whole: every file is there as its RECORD says, or as the owner decided.',
  with: Type.Object({}, { additionalProperties: false }),
  judges: 'package',
  run: async (context) => {
    const { site, pythonCause } = context.layout;
    if (site === null)
      return { outcome: 'could-not-run', cause: pythonCause ?? 'the target has no site-packages folder' };
    return judge(context, site);
  },
};
