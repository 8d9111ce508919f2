/** What verification knows of a check: its schema and how to run it. *Could not run* is not *passed*. */
import type { TSchema } from '@sinclair/typebox';
import type { TargetContext } from '../integrations/target-context.ts';

export type CheckOutcome = 'passed' | 'failed' | 'could-not-run';

export interface CheckResult {
  readonly outcome: CheckOutcome;
  /** What made it so, in one line; for a pass, what was seen. */
  readonly cause: string;
  /** More lines: broken links, the tail of the output. */
  readonly details?: readonly string[];
}

export type CheckContext = Pick<
  TargetContext,
  'project' | 'target' | 'layout' | 'receipt' | 'main' | 'ports' | 'fill' | 'signal'
>;

export interface CheckKind {
  readonly name: string;
  readonly summary: string;
  readonly with: TSchema;
  /** Set by kinds that can only pass where the package is installed. */
  readonly judges?: 'package';
  /** What it executes on this machine, one line each; left out by kinds that only read. */
  executes?(project: TargetContext['project'], options: Readonly<Record<string, unknown>>): readonly string[];
  run(context: CheckContext, options: Readonly<Record<string, unknown>>): Promise<CheckResult>;
}
