#!/usr/bin/env node
/** The entry of the built command: loads the composition root, and nothing else. */
await import('./main/command.ts');
