import { expect, it } from 'vitest';
import type { Repo } from '../../src/ports.ts';
import { askedOnce } from '../../src/store/asked-once.ts';

it('asks the same once, something else anew, and again what failed', async () => {
  const asked: string[] = [];
  let fails = true;
  const repo = askedOnce({
    root: '/main',
    commit: async (revision: string) => {
      asked.push(revision);
      return revision === 'none' ? undefined : 'id';
    },
    diff: async () => {
      asked.push('diff');
      if (fails) throw new Error('git failed');
      return [];
    },
  } as unknown as Repo);
  expect(await Promise.all([repo.commit('a'), repo.commit('a'), repo.commit('none')])).toEqual(['id', 'id', undefined]);
  expect(await repo.commit('none')).toBeUndefined();
  await expect(repo.diff('a', 'b')).rejects.toThrow('git failed');
  fails = false;
  expect([await repo.diff('a', 'b'), await repo.diff('a', 'b')]).toEqual([[], []]);
  expect(asked).toEqual(['a', 'none', 'diff', 'diff']);
});
