// Every test runs git without user or system configuration, Python tools without the caller's settings, and trusts nothing yet.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolatedEnvironment } from './fixtures/isolated-environment.ts';

const own = isolatedEnvironment();
const state = mkdtempSync(join(tmpdir(), 'lockstep-trust-'));
process.on('exit', () => rmSync(state, { recursive: true, force: true }));
for (const name of Object.keys(process.env)) delete process.env[name];
Object.assign(process.env, own, { TZ: 'UTC', XDG_STATE_HOME: state });
