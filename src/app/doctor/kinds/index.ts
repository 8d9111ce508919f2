/** The registry of the doctor's checks, in the order in which they are looked at and mended: one line each. */
import type { DoctorCheck } from '../doctor-check.ts';
import { disk } from './disk.ts';
import { git } from './git.ts';
import { hooks } from './hooks.ts';
import { locks } from './locks.ts';
import { node } from './node.ts';
import { pip } from './pip.ts';
import { project } from './project.ts';
import { python } from './python.ts';
import { runs } from './runs.ts';
import { schemas } from './schemas.ts';
import { targets } from './targets.ts';
import { trust } from './trust.ts';

export const doctorChecks: readonly DoctorCheck[] = [
  node,
  git,
  project,
  python,
  pip,
  disk,
  hooks,
  trust,
  // What a cut-off run holds is given back by ending it; only what is left then is a lock of its own.
  runs,
  locks,
  schemas,
  targets,
];
