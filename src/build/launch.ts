#!/usr/bin/env node
/** What is installed as `lockstep`: runs the built program from the pack beside this file. */
import { join } from 'node:path';
import { openPack } from './pack.ts';

openPack(join(__dirname, 'program.pack'), require).load('main.js');
