import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { outletTo } from '../../src/adapters/outlet.ts';

/** A stream that takes some lines and then fails in one way for ever. */
const failing = (takes: number, code: string, lines: string[]): Writable =>
  new Writable({
    write(chunk, _encoding, done) {
      if (lines.length < takes) lines.push(String(chunk));
      else return done(Object.assign(new Error(`${code}: it went wrong, write`), { code }));
      done();
    },
  });

test.each([
  'EPIPE',
  'EIO',
])('a reader that left with %s is no trouble, and nothing is written from then on', async (code) => {
  const lines: string[] = [];
  const outlet = outletTo(failing(1, code, lines));
  for (const line of ['one', 'two', 'three']) outlet.line(line);
  expect(await outlet.finished()).toBeUndefined();
  outlet.line('four');
  expect(await outlet.finished()).toBeUndefined();
  expect(lines).toEqual(['one\n']);
});

test('a line that was lost to anything else is told at the end, with what to do', async () => {
  const outlet = outletTo(failing(1, 'ENOSPC', []));
  for (const line of ['one', 'two', 'three']) outlet.line(line);
  expect(await outlet.finished()).toMatchObject({
    code: 'disk',
    message: 'the output could not be written: it went wrong (ENOSPC)',
    hint: expect.stringContaining('make room'),
  });
});

test('all that was written is out before it has finished', async () => {
  const lines: string[] = [];
  const slow = new Writable({
    write(chunk, _encoding, done) {
      setImmediate(() => {
        lines.push(String(chunk));
        done();
      });
    },
  });
  const outlet = outletTo(slow);
  outlet.line('one');
  outlet.line('two');
  expect(await outlet.finished()).toBeUndefined();
  expect(lines.slice(0, 2)).toEqual(['one\n', 'two\n']);
});
