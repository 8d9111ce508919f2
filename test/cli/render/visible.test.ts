import { expect, test } from 'vitest';
import { paintFor } from '../../../src/cli/render/colours.ts';
import { oneLine, plainTerminal, visible } from '../../../src/cli/render/visible.ts';

test.each([
  ['a line end in a name', 'docs/new\nline.md', 'docs/new\\nline.md'],
  ['a return that would write over the line', 'docs/good.md\rdocs/bad.md', 'docs/good.md\\rdocs/bad.md'],
  ['a cleared screen', 'a\u001b[2Jb', 'a\\u001b[2Jb'],
  ['hidden text', 'a\u001b[8mb', 'a\\u001b[8mb'],
  ['a control character of eight bits', 'a\u009b2Jb', 'a\\u009b2Jb'],
  ['text turned around', 'a\u202egnp.exe', 'a\\u202egnp.exe'],
  ['letters, tabs and emoji stay', 'ünï\t日本 👩‍💻', 'ünï\t日本 👩‍💻'],
])('%s is written out', (_, text, shown) => {
  expect(oneLine(text)).toBe(shown);
});

test('our own colours stay', () => {
  const paint = paintFor({ colour: true });
  const text = [paint.good, paint.look, paint.bad, paint.dim, paint.strong].map((colour) => colour('x')).join('');
  expect(oneLine(text)).toBe(text);
});

test('text of several lines keeps them', () => {
  expect(visible('a\nb\u0007\n')).toBe('a\nb\\u0007\n');
});

test('an answer in JSON says the same as before', () => {
  const lines: string[] = [];
  const terminal = plainTerminal({
    out: (text) => void lines.push(text),
    err: () => {},
    interactive: false,
    colour: false,
    columns: 80,
  });
  const answer = { path: 'a\u001b[2J\u009b\u202e\n' };
  terminal.out(JSON.stringify(answer));
  expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(lines.join(''))).toEqual(answer);
});
