import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hooks, runHook } from '../../src/hooks/index.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { put, sampleMain, temporary } from '../fixtures/sandbox.ts';

it.each(hooks.map(({ name }) => name))('%s asks for ports that cannot write, and for no others', async (name) => {
  const main = sampleMain(join(temporary('hook'), 'main'));
  put(main, { '.git/lockstep/registry.json': '{"targets": []}' });
  const world = machineWorld(main, { out: () => {}, err: () => {} });
  const asked: string[] = [];
  const ports: typeof world.ports = (mode) => {
    asked.push(mode);
    return world.ports(mode);
  };
  expect(await runHook({ ...world, ports }, { name, args: [], json: false, first: 60_000 })).toBe(0);
  expect(asked).toEqual(['dry-run']);
});
