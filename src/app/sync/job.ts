/** What one sync was asked for, and what all of its targets share. */

import type { PlanFile } from '../../config/plan-schema.ts';
import type { EventBody } from '../../domain/events.ts';
import type { StartedBy } from '../../domain/quarantine.ts';
import type { RunFacts } from '../../integrations/target-context.ts';
import type { MainTree } from '../../store/main-tree.ts';
import type { WheelStore } from '../../store/wheels.ts';
import type { TargetChoice } from '../choose-targets.ts';
import type { MainProject } from '../main-project.ts';
import type { TrustQuestion } from '../trust/trust.ts';
import type { StepChoice } from './choose-steps.ts';

/** A part of the pipeline: `sync docs`, `config sync`. The receipt's commit stays where it was. */
export interface Part {
  readonly uses: readonly string[];
  readonly components: readonly string[];
  readonly suites: readonly string[];
}

export interface SyncRequest {
  readonly targets: TargetChoice;
  readonly mode: 'real' | 'dry-run';
  readonly full: boolean;
  readonly reason: string | null;
  readonly part: Part | null;
  readonly complete: boolean;
  /** Which steps of the pipelines are performed; all of them when left out. */
  readonly steps?: StepChoice;
  /** How many targets at a time; `usualJobs` when left out. */
  readonly jobs?: number;
  /** Who started it: `hand` when left out. Decides what quarantine keeps it from. */
  readonly by?: StartedBy;
  /** A plan that the run is held to: it applies that, or nothing. */
  readonly plan?: PlanFile;
  /** Asks whoever sits there whether new code is trusted; nobody does when left out. */
  readonly ask?: TrustQuestion;
  readonly emit: (event: EventBody) => void;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** How many targets at a time when nobody says. */
export const usualJobs = 4;

export interface Job {
  readonly main: MainProject;
  readonly request: SyncRequest;
  /** The run's commit. */
  readonly tree: MainTree;
  readonly wheels: WheelStore;
  readonly facts: RunFacts;
  readonly emit: (event: EventBody) => void;
}
