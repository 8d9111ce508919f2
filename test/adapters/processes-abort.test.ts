import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { spawnProcesses } from '../../src/adapters/processes.ts';
import { temporary } from '../fixtures/sandbox.ts';

it('starts nothing when the signal comes while it gets ready to', async () => {
  const trace = join(temporary(), 'ran');
  const own = spawnProcesses(process.env);
  const controller = new AbortController();
  const running = own.run({ argv: ['touch', trace], as: 'command', signal: controller.signal });
  controller.abort();
  expect(await running).toMatchObject({ code: null, signal: 'SIGTERM' });
  await sleep(200);
  expect({ counts: own.counts(), ran: existsSync(trace) }).toEqual({ counts: {}, ran: false });
});
