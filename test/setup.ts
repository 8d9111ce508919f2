// Every test runs git without user or system configuration, Python tools without the caller's settings, trusts nothing yet, and
// sees no other file's folders in passing.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, inject } from 'vitest';
import { isolatedEnvironment } from './fixtures/isolated-environment.ts';
import { startedWith, workerTmpdir } from './worker.ts';

const own = isolatedEnvironment(startedWith);
for (const name of Object.keys(process.env)) delete process.env[name];
Object.assign(process.env, own, { TZ: 'UTC', XDG_STATE_HOME: inject('trustHome'), TMPDIR: workerTmpdir });

afterAll(() => {
  for (const name of readdirSync(workerTmpdir)) {
    rmSync(join(workerTmpdir, name), { recursive: true, force: true, maxRetries: 5 });
  }
});
