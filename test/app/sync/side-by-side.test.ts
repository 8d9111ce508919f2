import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sideBySide } from '../../../src/app/sync/side-by-side.ts';

/** Works on each item for as long as it says, and notes who was at work together. */
const scene = (roots: Readonly<Record<string, readonly string[]>>, jobs: number) => {
  const now = new Set<string>();
  const together = new Set<string>();
  let most = 0;
  const work = async (name: string): Promise<string> => {
    for (const other of now) together.add([name, other].sort().join('+'));
    now.add(name);
    most = Math.max(most, now.size);
    await sleep(name.length * 4);
    now.delete(name);
    return name.toUpperCase();
  };
  const run = (act = work) =>
    sideBySide(Object.keys(roots), { jobs, roots: async (name) => roots[name] ?? [], work: act });
  return { run, work, together, most: () => most };
};

describe('targets side by side', () => {
  it('are never more than asked for, and their results stay in order', async () => {
    const { run, most, together } = scene({ aaaaaa: ['/a'], b: ['/b'], ccc: ['/c'], dd: ['/d'] }, 2);
    expect(await run()).toEqual(['AAAAAA', 'B', 'CCC', 'DD']);
    expect(most()).toBe(2);
    expect(together.size).toBeGreaterThan(0);
  });

  it('are never two that share a root, or whose roots lie in each other', async () => {
    const { run, together, most } = scene(
      {
        one: ['/w/one', '/opt/python'],
        two: ['/w/two', '/opt/python'],
        inner: ['/w/one/inner'],
        beside: ['/w/one-more'],
        outer: ['/w'],
      },
      8,
    );
    expect(await run()).toHaveLength(5);
    for (const pair of ['one+two', 'inner+one', 'one+outer', 'inner+outer', 'beside+outer', 'outer+two'])
      expect(together).not.toContain(pair);
    expect(together).toContain('beside+one');
    expect(most()).toBeGreaterThan(1);
  });

  it('all come to their end when one breaks, which is then thrown', async () => {
    const ended: string[] = [];
    const { run, work } = scene({ a: ['/a'], bb: ['/b'], ccc: ['/c'], d: ['/d'] }, 2);
    const breaking = async (name: string): Promise<string> => {
      if (name === 'a') throw new TypeError('boom');
      const result = await work(name);
      ended.push(name);
      return result;
    };
    await expect(run(breaking)).rejects.toThrow('boom');
    expect(ended.sort()).toEqual(['bb', 'ccc', 'd']);
  });

  it('one at a time asks for no roots', async () => {
    const roots = async (): Promise<never> => {
      throw new Error('asked');
    };
    expect(await sideBySide(['a', 'b'], { jobs: 1, roots, work: async (name) => name })).toEqual(['a', 'b']);
  });
});
