#!/usr/bin/env node
/** The composition root: what a hook can answer at once needs nothing of the rest, which is loaded only then. */
await import('./main/command.ts');
