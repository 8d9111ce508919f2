import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareParts, type ExecutablePart, executableHash } from '../../src/domain/executable.ts';

const step: ExecutablePart = { name: 'pipeline comfyui, step nodes', lines: ['["python","link.py"]'] };
const script: ExecutablePart = { name: 'file link.py', lines: ['import os', 'os.link("a", "b")', ''] };

const anyParts = fc.uniqueArray(fc.record({ name: fc.string(), lines: fc.array(fc.string(), { maxLength: 4 }) }), {
  selector: ({ name }) => name,
  maxLength: 5,
});

describe('the hash of what would be executed', () => {
  it('does not depend on the order of the parts', () => {
    expect(executableHash([step, script])).toBe(executableHash([script, step]));
  });

  it('changes with a name, with a line, and with where a line ends', () => {
    const hashes = [
      [step],
      [{ ...step, name: 'pipeline comfyui, step node' }],
      [{ ...step, lines: ['["python","other.py"]'] }],
      [{ name: 'a', lines: ['b', 'c'] }],
      [{ name: 'a', lines: ['b\nc'] }],
      [
        { name: 'a', lines: ['b'] },
        { name: 'c', lines: [] },
      ],
      [],
    ].map(executableHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('is equal exactly when a comparison finds nothing', () => {
    fc.assert(
      fc.property(anyParts, anyParts, (before, after) => {
        expect(compareParts(before, after).length === 0).toBe(executableHash(before) === executableHash(after));
      }),
    );
  });
});

describe('a comparison', () => {
  it('names what came, what went, and the lines that changed', () => {
    const now = { ...script, lines: ['import os', 'os.symlink("a", "b")', ''] };
    expect(compareParts([step, script], [now, { name: 'new', lines: ['x'] }])).toEqual([
      {
        name: 'file link.py',
        sign: '~',
        lines: [
          { sign: '-', text: 'os.link("a", "b")' },
          { sign: '+', text: 'os.symlink("a", "b")' },
        ],
      },
      { name: 'new', sign: '+', lines: [{ sign: '+', text: 'x' }] },
      { name: step.name, sign: '-', lines: [{ sign: '-', text: '["python","link.py"]' }] },
    ]);
  });
});
