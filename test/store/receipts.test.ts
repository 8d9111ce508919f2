import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import { checkRoots } from '../../src/store/receipts/entries.ts';
import { openReceipts, parseReceipt, receiptPath, serialiseReceipt } from '../../src/store/receipts.ts';
import { put, temporary } from '../fixtures/sandbox.ts';
import { diskPorts } from '../fixtures/staged-target.ts';
import { thrown } from '../fixtures/thrown.ts';

const receipt: Receipt = {
  format: 1,
  project: 'opencode-ai',
  target: 'app',
  commit: 'c'.repeat(40),
  version: 'v1.2.0',
  run: 'run-1',
  time: '2026-02-24T00:00:00.000Z',
  components: {
    package: {
      commit: 'c'.repeat(40),
      files: { '@python/lib/a.py': { sha256: 'a'.repeat(64), mode: 0o644 } },
      dirs: ['@python/lib'],
      package: { name: 'opencode-ai', version: '1.2.0', wheel: null, checkout: 'd'.repeat(40) },
    },
    docs: {
      commit: 'c'.repeat(40),
      files: {
        'docs/b.md': { sha256: 'b'.repeat(64), mode: 0o644, blob: 'e'.repeat(40) },
        'docs/a.md': { sha256: '', mode: 0o777, link: 'b.md' },
      },
      dirs: [],
    },
  },
  config: {
    'opencode.toml': { from: 'config/opencode.toml', blob: 'f'.repeat(40), salt: '00', keys: { '["a"]': '11' } },
  },
  decisions: [{ path: 'docs/b.md', choice: 'kept', cause: 'edited by its owner', main: 'x', owner: 'y' }],
};

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof LockstepError ? error.code : `a bug: ${error}`;
  }
};

const stored = (text: string) => {
  const target = temporary('receipts');
  put(target, { '.lockstep/receipts/opencode-ai.json': text });
  return { target, read: () => openReceipts(diskPorts()).read({ target }, 'opencode-ai') };
};

describe('a receipt', () => {
  it('is read as it was written', () => {
    expect(stored(serialiseReceipt(receipt)).read()).toEqual(receipt);
  });

  it('is undefined when there is none', () => {
    expect(openReceipts(diskPorts()).read({ target: temporary('receipts') }, 'opencode-ai')).toBeUndefined();
  });

  it('has the same text whatever order its facts came in', () => {
    const turned = (value: unknown): unknown =>
      Array.isArray(value) || typeof value !== 'object' || value === null
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, inner]) => [key, turned(inner)]),
          );
    const text = serialiseReceipt(receipt);
    expect(serialiseReceipt(turned(receipt) as Receipt)).toBe(text);
    expect(text.endsWith('}\n')).toBe(true);
    expect(text.indexOf('docs/a.md')).toBeLessThan(text.indexOf('docs/b.md'));
  });

  it('keeps a file whose name means something to JavaScript', () => {
    const files = JSON.parse(`{"__proto__": {"sha256": "${'a'.repeat(64)}", "mode": 420}}`);
    const odd = { ...receipt, components: { docs: { commit: 'c', dirs: [], files } } };
    const read = parseReceipt(serialiseReceipt(odd), 'x.json');
    expect(Object.keys(read.components.docs?.files ?? {})).toEqual(['__proto__']);
  });

  it('of a newer format is refused by name', () => {
    const { target, read } = stored(serialiseReceipt({ ...receipt, format: 2 as 1 }));
    expect(codeOf(read)).toBe('format-newer');
    expect(read).toThrow(receiptPath(target, 'opencode-ai'));
    expect(codeOf(() => stored('{"format": 7, "all": "different"}').read())).toBe('format-newer');
  });

  const { components: _, ...withoutComponents } = receipt;
  const damages: Readonly<Record<string, string>> = {
    'half of it': serialiseReceipt(receipt).slice(0, 300),
    nothing: '',
    'a list': '[]',
    'an older format': serialiseReceipt({ ...receipt, format: 0 as 1 }),
    'no components': JSON.stringify(withoutComponents),
    'a component without files': JSON.stringify({ ...receipt, components: { docs: { commit: 'c', dirs: [] } } }),
    'a file without a hash': JSON.stringify({
      ...receipt,
      components: { docs: { commit: 'c', dirs: [], files: { a: { mode: 1 } } } },
    }),
    'a decision of an unknown kind': JSON.stringify({
      ...receipt,
      decisions: [{ ...receipt.decisions[0], choice: 'maybe' }],
    }),
    'a key that is no JSON': JSON.stringify({
      ...receipt,
      decisions: [{ ...receipt.decisions[0], key: 'not json' }],
    }),
    'a key that is no list of names': JSON.stringify({
      ...receipt,
      decisions: [{ ...receipt.decisions[0], key: '[{}]' }],
    }),
    'a digest under a key that is no JSON': JSON.stringify({
      ...receipt,
      config: { 'a.toml': { from: 'a.toml', blob: 'b', salt: '', keys: { a: '11' } } },
    }),
    "another project's": serialiseReceipt({ ...receipt, project: 'other' }),
  };
  for (const [what, text] of Object.entries(damages)) {
    it(`that holds ${what} is refused, naming the file and what to do`, async () => {
      const { target, read } = stored(text);
      expect(codeOf(read)).toBe('receipt-invalid');
      expect(read).toThrow(receiptPath(target, 'opencode-ai'));
      const path = receiptPath(target, 'opencode-ai');
      expect(await thrown(read)).toMatchObject({ hint: expect.stringContaining(`mv ${path} ${path}.old`) });
    });
  }

  const docs = receipt.components.docs ?? { commit: '', files: {}, dirs: [] };
  const file = { sha256: 'a'.repeat(64), mode: 0o644 };
  const strays: Readonly<Record<string, (path: string) => Receipt>> = {
    'a file of docs': (path) => ({ ...receipt, components: { docs: { ...docs, files: { [path]: file } } } }),
    'a folder of docs': (path) => ({ ...receipt, components: { docs: { ...docs, dirs: [path] } } }),
    'a configuration file': (path) => ({
      ...receipt,
      config: { [path]: { from: 'a', blob: 'b', salt: '', keys: {} } },
    }),
    'what a decision is about': (path) => ({
      ...receipt,
      decisions: [{ path, choice: 'kept', cause: '', main: 'x', owner: 'y' }],
    }),
  };
  for (const [what, make] of Object.entries(strays)) {
    it(`that names a path out of the target as ${what} is refused, naming receipt and entry`, async () => {
      for (const path of ['../x', 'docs/../../x', '/etc/x', '@python/../x', '@python//x', 'a\0b']) {
        const { target, read } = stored(serialiseReceipt(make(path)));
        expect(await thrown(read), path).toMatchObject({
          code: 'receipt-invalid',
          message: expect.stringContaining(`it names ${JSON.stringify(path)} as ${what}`),
        });
        expect(read).toThrow(receiptPath(target, 'opencode-ai'));
      }
    });
  }

  it('may name every path that a target can have', () => {
    for (const path of ['./@odd/x', '@scope/x', '@python/lib/a b.py', 'a/..b/c..', '...', 'ünï/x']) {
      const whole = strays['a file of docs']?.(path) ?? receipt;
      expect(parseReceipt(serialiseReceipt(whole), 'x.json')).toEqual(whole);
    }
  });

  it('that names a root which the target has not is refused once the roots are known', async () => {
    const check = (roots: { readonly target: string; readonly python?: string }) => () =>
      checkRoots(receipt, { path: '/t/r.json', roots });
    expect(check({ target: '/t', python: '/p' })).not.toThrow();
    expect(await thrown(check({ target: '/t' }))).toMatchObject({
      code: 'receipt-invalid',
      message:
        'the receipt /t/r.json names @python/lib/a.py as a file of package, and app has no Python outside its folder',
      hint: expect.stringContaining('lockstep target update app --python'),
    });
  });

  it('that is a folder is refused', () => {
    const target = temporary('receipts');
    mkdirSync(join(target, '.lockstep/receipts/opencode-ai.json'), { recursive: true });
    expect(codeOf(() => openReceipts(diskPorts()).read({ target }, 'opencode-ai'))).toBe('receipt-invalid');
  });

  it('is never looked for outside its folder', () => {
    for (const id of ['../evil', 'a/b', '', '.', '..', '.hidden']) {
      expect(
        codeOf(() => receiptPath('/target', id)),
        id,
      ).toBe('receipt-invalid');
    }
    expect(receiptPath('/target', 'opencode-ai')).toBe('/target/.lockstep/receipts/opencode-ai.json');
  });
});
