/** Takes a lock again and again, and writes down when it came in and went out; or once, and stays. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { acquireLock } from '../../../src/store/lock.ts';
import { statePorts } from '../../fixtures/state-ports.ts';

const [mode, path = '', log = '', rounds = '1'] = process.argv.slice(2);
const ports = statePorts();

if (mode === 'stay') {
  await acquireLock(ports, [path], { what: 'staying', waitMs: 5_000 });
  process.stdout.write('held\n');
  setInterval(() => {}, 1_000);
} else if (mode === 'die') {
  await acquireLock(ports, [path], { what: 'dying', waitMs: 5_000 });
  process.kill(process.pid, 'SIGKILL');
} else {
  for (let round = 0; round < Number(rounds); round += 1) {
    const lock = await acquireLock(ports, [path], { what: 'a round', waitMs: 30_000 });
    // Fails when another one is inside.
    writeFileSync(`${log}.inside`, String(process.pid), { flag: 'wx' });
    await new Promise((done) => setTimeout(done, 1));
    const { rmSync } = await import('node:fs');
    rmSync(`${log}.inside`);
    appendFileSync(log, `${process.pid}\n`);
    lock.release();
  }
}
