/** Ends this process when it hangs: from a thread of its own, for a call that never returns keeps every timer from firing. */
import { Worker } from 'node:worker_threads';
import type { Watchdog } from '../ports.ts';

/** Milliseconds after the time that the process has for itself, in which it may still end by itself. */
const grace = 1_500;

const bark = `
const { parentPort } = require('node:worker_threads');
let timer;
parentPort.on('message', (ms) => {
  clearTimeout(timer);
  if (ms !== null) timer = setTimeout(() => process.kill(process.pid, 'SIGKILL'), ms);
});`;

/** @param ms how long from now the process may take, in milliseconds. */
export const startWatchdog = (ms: number): Watchdog => {
  const worker = new Worker(bark, { eval: true });
  worker.unref();
  worker.postMessage(ms + grace);
  return {
    allow: (more) => worker.postMessage(more + grace),
    stop: () => worker.postMessage(null),
  };
};
