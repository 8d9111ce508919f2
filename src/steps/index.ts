/** The registry of step kinds: one line each. */
import { backup } from './backup.ts';
import { copy } from './copy.ts';
import { detect } from './detect.ts';
import { diagnose } from './diagnose.ts';
import { mergeConfigStep } from './merge-config.ts';
import { reinstall } from './reinstall.ts';
import { rollback } from './rollback.ts';
import { run } from './run.ts';
import type { StepKind } from './step.ts';
import { tag } from './tag.ts';
import { verify } from './verify.ts';

export const stepKinds: readonly StepKind[] = [
  backup,
  copy,
  detect,
  diagnose,
  mergeConfigStep,
  reinstall,
  rollback,
  run,
  tag,
  verify,
];
