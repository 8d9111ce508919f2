import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runCommand } from '../../../src/cli/program.ts';
import type { Terminal, World } from '../../../src/cli/world.ts';
import type { Ports } from '../../../src/ports.ts';
import { machineWorld } from '../../fixtures/machine-ports.ts';
import { put, sampleMain, temporary } from '../../fixtures/sandbox.ts';
import { trustAll } from '../../fixtures/trust.ts';

const registry = (...names: readonly string[]): string =>
  JSON.stringify({
    targets: names.map((name) => ({
      name,
      path: `../${name}`,
      type: 'site-packages',
      last_sync: null,
      sync_version: null,
      status: 'needs_sync',
      hold: true,
    })),
  });

interface Own {
  readonly terminal?: Partial<Terminal>;
  readonly ports?: (ports: Ports) => Ports;
}

const lockstep = async (cwd: string, argv: readonly string[], own: Own = {}) => {
  const said: string[] = [];
  const out = (text: string): void => void said.push(...text.split('\n'));
  const world = machineWorld(cwd, { out, err: out });
  const mine: World = {
    ...world,
    terminal: { ...world.terminal, ...own.terminal },
    ports: async (mode) => {
      const ports = await world.ports(mode);
      return own.ports?.(ports) ?? ports;
    },
  };
  return { code: await runCommand(mine, argv), said };
};

/** Main with targets whose folders are not there, each on hold. */
const mainWith = async (...names: readonly string[]): Promise<string> => {
  const main = sampleMain(join(temporary('main'), 'main'));
  put(main, { '.git/lockstep/registry.json': registry(...names) });
  await trustAll(main);
  return main;
};

describe('a bug in the middle of a run', () => {
  /** The processes cannot be counted at the end, for no reason that Lockstep knows of. */
  const breaking = (ports: Ports): Ports => ({
    ...ports,
    processes: {
      ...ports.processes,
      counts: () => {
        throw new TypeError('boom');
      },
    },
  });

  test.each([
    ['the task tree', true],
    ['plain lines', false],
  ])('ends %s before it is told', async (_, interactive) => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { code, said } = await lockstep(await mainWith('app'), ['sync', 'run', '--target', 'app'], {
      terminal: { interactive },
      ports: breaking,
    });
    vi.restoreAllMocks();
    const bug = said.findIndex((line) => line.startsWith('bug '));
    expect(code).toBe(1);
    expect(said.join('\n')).toContain('TypeError: boom');
    expect(bug).toBeGreaterThanOrEqual(0);
  });
});

describe('the command that runs again what failed', () => {
  test('asks for the same: full, why, and whether it is a dry run', async () => {
    const words = ['sync', 'run', '--target', 'one', 'two', '--full', '--reason', "it's weekly", '--dry-run'];
    const { code, said } = await lockstep(await mainWith('one', 'two'), words);
    expect(code).toBe(5);
    expect(said.at(-1)).toBe(
      "next  2 targets to run again: lockstep sync run --target one two --full --reason 'it'\\''s weekly' --dry-run",
    );
  });
});

describe('all targets, of which there are none', () => {
  test('says that none is registered', async () => {
    const { code, said } = await lockstep(await mainWith(), ['sync', 'run', '--all-targets']);
    expect({ code, said }).toEqual({ code: 0, said: [expect.stringContaining('no target is registered yet')] });
  });

  test('says that all are on hold', async () => {
    const { code, said } = await lockstep(await mainWith('app'), ['sync', 'run', '--all-targets']);
    expect({ code, said }).toEqual({
      code: 0,
      said: ['every registered target is on hold: nothing to sync (lockstep target update app --no-hold)'],
    });
  });
});
