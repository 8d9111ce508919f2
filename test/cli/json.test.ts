import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../../src/cli/program.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { sampleMain, temporary } from '../fixtures/sandbox.ts';

it('tells a run as one event a line, the first and the last of it included', async () => {
  const main = sampleMain(join(temporary('json'), 'main'));
  const out: string[] = [];
  const err: string[] = [];
  const world = machineWorld(main, { out: (text) => void out.push(text), err: (text) => void err.push(text) });
  expect(await runCommand(world, ['sync', 'run', '--all-targets', '--json'])).toBe(0);
  const events = out.map((line) => JSON.parse(line) as { readonly kind: string });
  expect(events.map(({ kind }) => kind)).toEqual(['run.started', 'run.finished']);
  expect(events.at(-1)).toMatchObject({ results: [], exit: 0 });
  expect(err).toEqual([]);
});
