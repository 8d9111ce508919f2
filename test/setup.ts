// Every test runs git without user or system configuration, and Python tools without the caller's settings.
import { isolatedEnvironment } from './fixtures/isolated-environment.ts';

const own = isolatedEnvironment();
for (const name of Object.keys(process.env)) delete process.env[name];
Object.assign(process.env, own, { TZ: 'UTC' });
