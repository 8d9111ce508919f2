/** The registry of benchmarks. */

import { backup } from './backup.ts';
import type { Bench } from './bench.ts';
import { hooks } from './hooks.ts';
import { start } from './start.ts';

export const benches: readonly Bench[] = [start, backup, hooks];
