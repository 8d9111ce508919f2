import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absent, type FileState } from '../../src/domain/file-state.ts';
import { comparePackage, decisionDigest, type PackageEntry } from '../../src/domain/package-compare.ts';
import type { Decision } from '../../src/domain/receipt.ts';

const file = (sha256: string, mode = 0o644) => ({ kind: 'file', sha256, mode, size: 1 }) as const;
const entry = (parts: Partial<PackageEntry>): PackageEntry => ({
  path: 'a.py',
  base: null,
  known: [],
  ours: absent,
  theirs: null,
  metadata: false,
  ...parts,
});
const judge = (parts: Partial<PackageEntry>, decisions: readonly Decision[] = []) =>
  comparePackage([entry(parts)], { policy: 'keep', decisions })[0];

describe('one file of a package', () => {
  it.each([
    ['new in main', { theirs: file('n') }, 'add', 'new in main'],
    ['gone here and still in main', { base: 'b', theirs: file('b') }, 'add', 'missing here'],
    ['gone on both sides', { base: 'b' }, 'same', 'absent on both sides'],
    ['equal', { base: 'b', ours: file('b'), theirs: file('b') }, 'same', 'the same in main'],
    ['edited here exactly as in main', { base: 'b', ours: file('n'), theirs: file('n') }, 'same', 'the same in main'],
    ['changed in main', { base: 'b', ours: file('b'), theirs: file('n') }, 'replace', 'changed in main'],
    ['removed in main', { base: 'b', ours: file('b') }, 'remove', 'gone from main'],
    [
      'changed in main, here as the receipt says',
      { base: 'x', known: ['r'], ours: file('r'), theirs: file('n') },
      'replace',
      'changed in main',
    ],
    ['executable in main', { base: 'b', ours: file('b'), theirs: file('b', 0o755) }, 'replace', 'executable bit'],
    [
      'metadata that differs',
      { base: 'b', ours: file('x'), theirs: file('n'), metadata: true },
      'replace',
      'metadata of the package',
    ],
    ['metadata of an old version', { base: 'b', ours: file('x'), metadata: true }, 'remove', 'gone from main'],
    [
      'edited here, unchanged in main',
      { base: 'b', ours: file('x'), theirs: file('b') },
      'keep',
      'edited here, unchanged in main',
    ],
    [
      'edited on both sides',
      { base: 'b', ours: file('x'), theirs: file('n') },
      'keep',
      'edited here and changed in main',
    ],
    ['edited here, removed in main', { base: 'b', ours: file('x') }, 'keep', 'edited here and gone from main'],
    [
      'in the way of a new one',
      { ours: file('x'), theirs: file('n') },
      'keep',
      'stood here before the package, and is new in main',
    ],
    [
      'a link of the owner',
      { base: 'b', ours: { kind: 'link', to: 'x' }, theirs: file('n') },
      'keep',
      'edited here and changed in main',
    ],
  ] as const)('%s', (_what, parts, kind, cause) => {
    expect(judge(parts)).toMatchObject({ kind, cause });
  });

  it('is news once: not when the receipt holds the same decision, again when main or the owner moved', () => {
    const parts = { base: 'b', ours: file('x'), theirs: file('n') };
    const first = judge(parts);
    expect(first?.news).toBe(true);
    const decided = first?.decision === undefined ? [] : [first.decision];
    expect(judge(parts, decided)?.news).toBe(false);
    expect(judge({ ...parts, theirs: file('m') }, decided)?.news).toBe(true);
    expect(judge({ ...parts, ours: file('y') }, decided)?.news).toBe(true);
  });

  it('is never news, but decided, when main has nothing new for what the owner edited', () => {
    expect(judge({ base: 'b', ours: file('x'), theirs: file('b') })).toMatchObject({
      news: false,
      decision: { choice: 'kept', main: 'b', owner: 'x' },
    });
  });

  it('is replaced with a word, or refused, when the policy says so', () => {
    const edited = [entry({ base: 'b', ours: file('x'), theirs: file('n') })];
    const [replaced] = comparePackage(edited, { policy: 'replace', decisions: [] });
    expect(replaced).toMatchObject({ kind: 'replace', news: true, decision: { choice: 'replaced' } });
    expect(() => comparePackage(edited, { policy: 'fail', decisions: [] })).toThrow(/edited here and changed in main/);
  });

  it('is refused where a folder stands', () => {
    expect(() => judge({ ours: { kind: 'dir', mode: 0o755 }, theirs: file('n') })).toThrow(
      /something else stands there/,
    );
  });
});

it('never takes away content that only the owner has', () => {
  const digest = fc.constantFrom('b', 'n', 'x', 'r');
  const state: fc.Arbitrary<FileState> = fc.oneof(
    fc.constant(absent),
    digest.map((sha256) => file(sha256)),
  );
  const any = fc.record({
    base: fc.option(digest),
    known: fc.array(digest),
    ours: state,
    theirs: fc.option(digest.map((sha256) => file(sha256))),
  });
  fc.assert(
    fc.property(any, (parts) => {
      const verdict = judge(parts);
      const { ours, base, known, theirs } = parts;
      if (ours.kind !== 'file' || [base, ...known, theirs?.sha256].includes(ours.sha256)) return;
      expect(verdict?.kind).toBe('keep');
      expect(verdict?.decision?.owner).toBe(decisionDigest(ours));
    }),
  );
});
