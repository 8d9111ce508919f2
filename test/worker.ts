/** What one process that runs tests has: their files run in it one after the other, and this is read once. */
import { chmodSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

/** The variables that it was started with. */
export const startedWith: NodeJS.ProcessEnv = { ...process.env };

/** Its `TMPDIR`, empty when a file begins: the same for all of them, for what is shared between them may remember it. */
export const workerTmpdir: string = mkdtempSync(join(inject('passingHome'), 'worker-'));
chmodSync(workerTmpdir, 0o755);
