/** A face draws the event stream. It decides nothing. */
import type { LockstepEvent } from '../../domain/events.ts';

export interface Face {
  readonly draw: (event: LockstepEvent) => void;
  /** Resolves when everything is on the screen. */
  readonly end: () => Promise<void>;
}
