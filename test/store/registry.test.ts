import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TargetRecord } from '../../src/domain/target.ts';
import { openRegistry, type RegistryStore } from '../../src/store/registry.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { bundle, statePorts } from '../fixtures/state-ports.ts';

const reference = `{
  "targets": [
    {
      "name": "ComfyUI_windows_portable",
      "path": "for_testing/as_dependency/ComfyUI_windows_portable",
      "type": "site-packages",
      "last_sync": "2026-02-24T00:00:00Z",
      "sync_version": "v1.2.3",
      "status": "synchronized"
    },
    {
      "name": "simple_python_app",
      "path": "for_testing/as_dependency/simple_python_app",
      "type": "source",
      "last_sync": "2026-02-23T00:00:00Z",
      "sync_version": "v1.2.2",
      "status": "needs_sync"
    }
  ]
}
`;

const third: TargetRecord = {
  status: 'unknown',
  name: 'third',
  path: 'third',
  type: 'source',
  sync_version: null,
  last_sync: null,
};

const opened = (text?: string): { readonly store: RegistryStore; readonly path: string; readonly dir: string } => {
  const dir = join(temporary(), 'lockstep');
  const places = statePlaces(dir);
  if (text !== undefined) {
    mkdirSync(dirname(places.registry), { recursive: true });
    writeFileSync(places.registry, text);
  }
  return { store: openRegistry(statePorts(), places), path: places.registry, dir };
};

describe('the registry', () => {
  it('has no targets when there is no file', () => {
    expect(opened().store.read()).toEqual({ targets: [] });
  });

  it('reads and writes the format of the reference, byte for byte', async () => {
    const { store, path } = opened(reference);
    await store.update((registry) => ({ targets: [...registry.targets, third] }));
    expect(store.read().targets.map((target) => target.name)).toEqual([
      'ComfyUI_windows_portable',
      'simple_python_app',
      'third',
    ]);
    expect(readFileSync(path, 'utf8')).toContain(
      '"name": "third",\n      "path": "third",\n      "type": "source",\n      "last_sync": null,\n      "sync_version": null,\n      "status": "unknown"\n',
    );
    await store.update((registry) => ({ targets: registry.targets.filter((target) => target.name !== 'third') }));
    expect(readFileSync(path, 'utf8')).toBe(reference);
  });

  it('is not written when nothing changes, however it was formatted', async () => {
    const { store, path } = opened(`\ufeff${JSON.stringify(JSON.parse(reference))}`);
    const before = statSync(path, { bigint: true });
    await store.update((registry) => registry);
    const after = statSync(path, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  it('keeps fields that it does not know', async () => {
    const { store, path } = opened(
      '{"notes": "ours", "targets": [{"name": "a", "path": "a", "type": "source", "colour": "red"}]}',
    );
    expect(store.read().targets[0]).toMatchObject({ status: 'unknown', last_sync: null, sync_version: null });
    await store.update((registry) => ({ targets: registry.targets.map((target) => ({ ...target, hold: true })) }));
    const written = JSON.parse(readFileSync(path, 'utf8'));
    expect(written.notes).toBe('ours');
    expect(Object.keys(written.targets[0])).toEqual([
      'name',
      'path',
      'type',
      'last_sync',
      'sync_version',
      'status',
      'hold',
      'colour',
    ]);
  });

  it('is refused by name when a newer format wrote it', () => {
    expect(() => opened('{"version": 2, "targets": []}').store.read()).toThrow(
      expect.objectContaining({ code: 'format-newer', message: expect.stringContaining('registry.json has format 2') }),
    );
  });

  it.each([
    ['a missing bracket', '{"targets": [\n  {"name": "a"\n]}', ':3:1: not valid JSON'],
    ['nothing at all', '', ':1:1: not valid JSON'],
    ['a comma too many', '{\n  "targets": [],\n}', ':3:1: not valid JSON'],
    ['a bare word', '{"targets": yes}', ':1:13: not valid JSON'],
    ['a control character', '{"targets": ["a\tb"]}', ':1:14: not valid JSON'],
    ['another thing', '[]', ':1:1: the registry must be an object that holds "targets"'],
    ['no list', '{\n  "targets": {}\n}', ':2:14: "targets" must be a list'],
    ['a missing field', '{"targets": [\n  {"name": "a", "type": "source"}]}', ':2:3: target a has no path'],
    [
      'a wrong status',
      '{"targets": [\n  {"name": "a", "path": "a", "type": "t",\n   "status": "fine"}]}',
      ':3:14: target a: status must be one of synchronized',
    ],
    [
      'a wrong time',
      '{"targets": [{"name": "a", "path": "a", "type": "t", "last_sync": "yesterday"}]}',
      ':1:67: target a: last_sync must be a time',
    ],
    [
      'a name twice',
      '{"targets": [{"name": "a", "path": "a", "type": "t"},\n{"name": "a", "path": "b", "type": "t"}]}',
      ':2:10: target a is listed twice',
    ],
  ])('says where %s stands', (_what, text, message) => {
    expect(() => opened(text).store.read()).toThrow(
      expect.objectContaining({
        code: 'registry-invalid',
        message: expect.stringContaining(`registry.json${message}`),
      }),
    );
  });

  it('stays as it was when a change throws', async () => {
    const { store, path } = opened(reference);
    await expect(
      store.update(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(readFileSync(path, 'utf8')).toBe(reference);
    await store.update((registry) => registry);
  });

  it('loses no acknowledged add of 20 processes that add 20 targets each at once, one of them killed', async () => {
    const { store, dir } = opened();
    const program = bundle('store/children/add-targets.ts', join(temporary('bundle'), 'add-targets.mjs'));
    const acknowledged: string[] = [];
    const codes = await Promise.all(
      Array.from({ length: 20 }, (_, who) => {
        const child = spawn(process.execPath, [program, dir, String(who), '20'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let said = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          // In the middle of its next add.
          if (who === 0 && said.split('\n').length > 5) child.kill('SIGKILL');
        });
        return new Promise<number | null>((done) =>
          child.once('close', (code) => {
            acknowledged.push(...said.split('\n').filter((name) => name !== ''));
            done(code);
          }),
        );
      }),
    );
    expect(codes.slice(1)).toEqual(Array(19).fill(0));
    expect(acknowledged.length).toBeGreaterThanOrEqual(19 * 20 + 5);
    const names = store.read().targets.map((target) => target.name);
    expect(names).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(names).size).toBe(names.length);
  });
});
