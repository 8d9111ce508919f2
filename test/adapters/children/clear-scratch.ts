/** Prints what a recover of this user ends and removes. */
import { processIdentity } from '../../../src/adapters/process-identity.ts';
import { clearAbandoned } from '../../../src/adapters/scratch.ts';

process.stdout.write(JSON.stringify(clearAbandoned(processIdentity())));
