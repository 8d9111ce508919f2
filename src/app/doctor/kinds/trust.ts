/** Whether what runs would execute is trusted on this machine. */
import { viewTrust } from '../../trust/trust.ts';
import { type DoctorCheck, fine, warning } from '../doctor-check.ts';

export const trust: DoctorCheck = {
  name: 'trust',
  summary: 'what runs would execute on this machine',
  look: async ({ main, env }) => {
    const { trusted, parts, last } = await viewTrust(await main(), env);
    if (parts.length === 0) return [fine('nothing would be executed')];
    if (trusted) return [fine('trusted on this machine')];
    const what = last === undefined ? 'is not trusted on this machine yet' : 'changed since it was trusted';
    return [warning(`what a run would execute ${what}: hooks start no sync`, { mend: 'lockstep trust' })];
  },
};
