// Every test runs git without user or system configuration, Python tools without the caller's settings, trusts nothing yet, and
// sees no other file's folders in passing.
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, inject } from 'vitest';
import { isolatedEnvironment } from './fixtures/isolated-environment.ts';

const own = isolatedEnvironment();
for (const name of Object.keys(process.env)) delete process.env[name];
Object.assign(process.env, own, { TZ: 'UTC', XDG_STATE_HOME: inject('trustHome') });

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-tests-')));
// Some tests run programs as somebody else.
chmodSync(dir, 0o755);
process.env.TMPDIR = dir;
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
