/** Whether the Node.js that runs this is one that Lockstep is made for. */
import { isAtLeast } from '../../../domain/python-versions.ts';
import { broken, type DoctorCheck, fine, unknown } from '../doctor-check.ts';

/** As package.json says it. */
export const leastNode = '20.19.0';

export const node: DoctorCheck = {
  name: 'node',
  summary: 'the Node.js that runs Lockstep',
  look: async ({ ports }) => {
    const version = ports.machine?.node;
    if (version === undefined) return [unknown('its version cannot be told', {})];
    if (isAtLeast(version, leastNode)) return [fine(`Node.js ${version}`)];
    return [broken(`Node.js ${version} is too old`, { mend: `install Node.js ${leastNode} or newer` })];
  },
};
