// Every test runs git without user or system configuration, Python tools without the caller's settings, and trusts nothing yet.
import { inject } from 'vitest';
import { isolatedEnvironment } from './fixtures/isolated-environment.ts';

const own = isolatedEnvironment();
for (const name of Object.keys(process.env)) delete process.env[name];
Object.assign(process.env, own, { TZ: 'UTC', XDG_STATE_HOME: inject('trustHome') });
