/** The registry of check kinds: one line each. */
import type { CheckKind } from './check.ts';
import { command } from './command.ts';
import { complete } from './complete.ts';
import { configParses } from './config-parses.ts';
import { importCheck } from './import.ts';
import { links } from './links.ts';
import { packageRecord } from './package-record.ts';
import { pipCheck } from './pip-check.ts';

export const checkKinds: readonly CheckKind[] = [
  command,
  complete,
  configParses,
  importCheck,
  links,
  packageRecord,
  pipCheck,
];
