import { expect, it } from 'vitest';
import { runCommand } from './command.ts';
import { momentOf } from './rehearse.ts';

it('a random moment is told by the events before it, so that a busy machine does not move it to the front', () => {
  const stage = { took: 1_000, beats: [100, 400, 400, 900] };
  expect(momentOf(stage, 0.05)).toEqual({ lines: 0, after: 50 });
  expect(momentOf(stage, 0.1)).toEqual({ lines: 1, after: 0 });
  expect(momentOf(stage, 0.75)).toEqual({ lines: 3, after: 350 });
  expect(momentOf(stage, 1)).toEqual({ lines: 4, after: 100 });
});

it('a program is killed so long after a line of its own, whenever that comes', async () => {
  const argv = ['sh', '-c', 'echo one; sleep 0.3; echo two; sleep 60'];
  const ended = await runCommand({
    cwd: '/',
    env: { PATH: process.env.PATH ?? '' },
    argv,
    killAt: { lines: 2, after: 20 },
  });
  expect(ended).toMatchObject({ signal: 'SIGKILL', out: 'one\ntwo\n' });
  expect(ended.beats).toHaveLength(2);
  expect(ended.took).toBeGreaterThan(300);
});
