/** Takes a lock, starts a program under it as the real adapters do, and says the pids of both; then stays. */
import { readFileSync } from 'node:fs';
import { groupBook } from '../../../src/adapters/process-groups.ts';
import { spawnProcesses } from '../../../src/adapters/processes.ts';
import { acquireLock } from '../../../src/store/lock.ts';
import { statePorts } from '../../fixtures/state-ports.ts';

const [path = '', script = ''] = process.argv.slice(2);
const groups = groupBook();
await acquireLock({ ...statePorts(), groups }, [path], { what: 'sync run of comfyui' });
void spawnProcesses(process.env, groups).run({ argv: ['sh', '-c', script], as: 'command' });
const told = setInterval(() => {
  // The second line about a group names its leader.
  if (readFileSync(path, 'utf8').trim().split('\n').length < 3) return;
  clearInterval(told);
  process.stdout.write('started\n');
}, 5);
setInterval(() => {}, 1_000);
