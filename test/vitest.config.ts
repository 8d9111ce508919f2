import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { pathToPython, swiftTmpdir } from './surroundings.ts';

// Set here, so that each worker and the folders that they share are told.
process.env.TMPDIR = swiftTmpdir();
process.env.PATH = pathToPython();

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/run-home.ts'],
    setupFiles: ['test/setup.ts'],
    // They end what hangs, and say nothing of how fast a machine is: what has to be quick is measured where it is promised.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // What each file would import anew is a sixth of all the work; no file changes what a module holds for another.
    isolate: false,
    maxWorkers: 3,
  },
});
