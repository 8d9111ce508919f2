/** What stops a run from outside, and the exit status that each way of stopping means. */

/** As shells have it: 128 and the signal's number. */
export const signalExits = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof signalExits;

/** The reason with which the signal of a command is aborted. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly by: StopSignal;

  constructor(by: StopSignal) {
    super(`interrupted by ${by}`);
    this.by = by;
  }
}

/** The exit status of a command that its signal stopped; as for Ctrl-C when the signal does not say. */
export const interruptedExit = ({ reason }: Pick<AbortSignal, 'reason'>): number =>
  signalExits[reason instanceof Interruption ? reason.by : 'SIGINT'];
