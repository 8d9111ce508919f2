#!/usr/bin/env node
/** What is installed as `lockstep`: runs the built program from the pack beside this file. */
import { join } from 'node:path';
import { DamagedPack, openPack } from './pack.ts';

try {
  openPack(join(__dirname, 'program.pack'), require).load('main.js');
} catch (error) {
  if (!(error instanceof DamagedPack)) throw error;
  process.stderr.write(
    `error  lockstep is not whole here: ${error.message}\nnext   install it again; in a checkout, npm run build\n`,
  );
  process.exitCode = 5;
}
