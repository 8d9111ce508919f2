/** Refuses a planned run that would bring a quarantined commit, and says what to type instead. */
import { LockstepError } from '../../domain/errors.ts';
import { refuseQuarantined } from '../quarantine.ts';
import type { Job } from './job.ts';
import type { Planned } from './plan-target.ts';

/** undefined when the plan may be applied; one that changes nothing may. Throws `format-newer`. */
export const refusalOf = (
  { main, request, facts }: Pick<Job, 'main' | 'request' | 'facts'>,
  { need, prepared }: Pick<Planned, 'need' | 'prepared'>,
): LockstepError | undefined => {
  if (need === 'nothing') return undefined;
  const { record, context } = prepared;
  const components = request.part?.components ?? null;
  const wanted = { commit: facts.commit, components, by: request.by ?? 'hand' };
  try {
    refuseQuarantined(main, { name: record.name, receipt: context.receipt, wanted });
    return undefined;
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'quarantined') return error;
    throw error;
  }
};
