import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { diskState } from '../../src/adapters/state-files.ts';
import { diskTree } from '../../src/adapters/tree.ts';
import { openWheels } from '../../src/store/wheels.ts';
import { temporary } from '../fixtures/sandbox.ts';

const facts = { name: 'opencode-ai', version: '1.2.0' };
const setUp = (persist: 'store' | 'scratch' = 'store') => {
  const dir = temporary('wheels');
  const built = join(dir, 'opencode_ai-1.2.0-py3-none-any.whl');
  writeFileSync(built, 'the wheel');
  const places = { wheels: join(dir, 'store') };
  const scratch = (label: string): string => temporary(label);
  const ports = { files: { ...diskFiles(() => undefined), scratch }, state: diskState(), openTree: diskTree };
  return { built, places, open: () => openWheels({ ports, places, persist }) };
};

describe('a wheel', () => {
  it('is found by the next run, verified', () => {
    const { built, open, places } = setUp();
    const kept = open().keep('key', built, facts);
    expect(kept.path).toBe(kept.recordedPath);
    expect(kept.path).toBe(join(places.wheels, kept.sha256, 'opencode_ai-1.2.0-py3-none-any.whl'));
    expect(open().find('key')).toEqual(kept);
    expect(open().find('other')).toBeUndefined();
  });

  it('is not found when its bytes are damaged or gone', () => {
    const { built, open } = setUp();
    const kept = open().keep('key', built, facts);
    writeFileSync(kept.path, 'not the wheel');
    expect(open().find('key')).toBeUndefined();
  });

  it.each([
    '{',
    '{"format":1}',
    '{"format":1,"name":"a","version":"1","sha256":"../..","file":"a.whl"}',
  ])('is not found by a damaged key file: %s', (text) => {
    const { built, open, places } = setUp();
    open().keep('key', built, facts);
    const [file = ''] = readdirSync(join(places.wheels, 'keys'));
    writeFileSync(join(places.wheels, 'keys', file), text);
    expect(open().find('key')).toBeUndefined();
  });

  it('of a newer format is refused by name', () => {
    const { built, open, places } = setUp();
    open().keep('key', built, facts);
    const [file = ''] = readdirSync(join(places.wheels, 'keys'));
    writeFileSync(join(places.wheels, 'keys', file), '{"format":2}');
    expect(() => open().find('key')).toThrow(/has format 2; this Lockstep reads up to 1/);
  });

  it('stays in scratch in a dry run, and still says where it would be kept', () => {
    const { built, open, places } = setUp('scratch');
    const store = open();
    const kept = store.keep('key', built, facts);
    expect(existsSync(places.wheels)).toBe(false);
    expect(readFileSync(kept.path, 'utf8')).toBe('the wheel');
    expect(kept.recordedPath).toBe(join(places.wheels, kept.sha256, 'opencode_ai-1.2.0-py3-none-any.whl'));
    expect(store.find('key')).toEqual(kept);
  });
});

describe('making a wheel once', () => {
  it('is shared by callers at the same time and not repeated after', async () => {
    const { built, open } = setUp();
    const store = open();
    let made = 0;
    const make = async () => {
      made += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return store.keep('key', built, facts);
    };
    const wheels = await Promise.all([store.once('key', make), store.once('key', make)]);
    expect(await store.once('key', make)).toEqual(wheels[0]);
    expect(made).toBe(1);
  });

  it('is tried again after a failure', async () => {
    const { built, open } = setUp();
    const store = open();
    await expect(store.once('key', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await store.once('key', async () => store.keep('key', built, facts))).toMatchObject(facts);
  });
});
