/** Makes whole events of what a use case emits: version, time, and the run that they belong to. */
import type { EventBody, LockstepEvent } from '../domain/events.ts';
import type { Clock } from '../ports.ts';

/** Stamps events in their order. The run's id is that of `run.started`, empty for what belongs to no run. */
export const stamp = (clock: Clock): ((body: EventBody) => LockstepEvent) => {
  let run = '';
  return (body) => {
    if (body.kind === 'run.started' && 'run' in body && typeof body.run === 'string') run = body.run;
    return { ...body, v: 1, run, time: clock.now().toISOString() };
  };
};
