/** Makes a scratch folder, starts a program beside it as the real adapters do, says when it runs, and stays. */
import { groupBook } from '../../../src/adapters/process-groups.ts';
import { spawnProcesses } from '../../../src/adapters/processes.ts';
import { scratchIn } from '../../../src/adapters/scratch.ts';

const groups = groupBook();
const cwd = scratchIn(() => {})('work');
// Two groups: the shell's, and one that left it.
const script = 'setsid sleep 61 & echo started; exec sleep 62';
const onOutput = (text: string): void => void process.stdout.write(text);
await spawnProcesses(process.env, groups).run({ argv: ['sh', '-c', script], cwd, as: 'command', onOutput });
