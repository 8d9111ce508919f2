import { describe, expect, it } from 'vitest';
import { heldBy, type Quarantine, quarantinesOf, takenBack } from '../../src/domain/quarantine.ts';
import type { QuarantinedCommit, Receipt } from '../../src/domain/receipt.ts';

const rolledBack: Quarantine = { commit: 'a', why: 'rolled back', components: ['docs'], time: '', cause: '' };
const failed: Quarantine = { commit: 'a', why: 'failed', components: null, time: '', cause: '' };
const whole = { commit: 'a', components: null } as const;

describe('a commit in quarantine', () => {
  it('that was rolled back comes neither by itself nor by hand, only by force', () => {
    expect(heldBy([rolledBack], { ...whole, by: 'itself' })).toBe(rolledBack);
    expect(heldBy([rolledBack], { ...whole, by: 'hand' })).toBe(rolledBack);
    expect(heldBy([rolledBack], { ...whole, by: 'force' })).toBeUndefined();
  });

  it('that failed does not come by itself, and a person may try it again', () => {
    expect(heldBy([failed], { ...whole, by: 'itself' })).toBe(failed);
    expect(heldBy([failed], { ...whole, by: 'hand' })).toBeUndefined();
  });

  it('keeps no other commit from coming, and no component that was not taken back', () => {
    expect(heldBy([rolledBack, failed], { ...whole, commit: 'b', by: 'itself' })).toBeUndefined();
    expect(heldBy([rolledBack], { commit: 'a', components: ['config'], by: 'hand' })).toBeUndefined();
    expect(heldBy([rolledBack], { commit: 'a', components: ['config', 'docs'], by: 'hand' })).toBe(rolledBack);
    expect(heldBy([failed], { commit: 'a', components: ['config'], by: 'itself' })).toBe(failed);
  });
});

const receipt = (commits: Record<string, string>, quarantine: readonly QuarantinedCommit[] = []): Receipt => ({
  format: 1,
  project: 'p',
  target: 't',
  commit: commits.whole ?? null,
  version: null,
  run: 'r',
  time: '2026-11-27T00:00:00Z',
  components: Object.fromEntries(
    Object.entries(commits).flatMap(([name, commit]) =>
      name === 'whole' ? [] : [[name, { commit, files: {}, dirs: [] }]],
    ),
  ),
  config: {},
  decisions: [],
  ...(quarantine.length === 0 ? {} : { quarantine }),
});
const entry = (component: string, commit: string, backup = 'b'): QuarantinedCommit => ({
  component,
  commit,
  backup,
  time: '2026-11-27T01:00:00Z',
});
const back = (from: Receipt | undefined, to: Receipt | null, components: readonly string[], occasion?: 'restore') =>
  takenBack({
    manifest: { id: 'b', receipt: to, ...(occasion === undefined ? {} : { occasion }) },
    current: from,
    components,
    time: '2026-11-27T01:00:00Z',
  });

describe('what a restore takes back', () => {
  it('is the commit that each component stood at; configuration stands at that of the whole', () => {
    const from = receipt({ whole: 'a3', docs: 'a4', plans: 'a3' });
    const to = receipt({ whole: 'a2', docs: 'a2', plans: 'a3' });
    expect(back(from, to, ['docs', 'plans', 'config'])).toEqual([entry('docs', 'a4'), entry('config', 'a3')]);
    expect(back(from, null, ['docs'])).toEqual([entry('docs', 'a4')]);
    expect(back(undefined, to, ['docs'])).toEqual([]);
  });

  it('adds up while one goes further back, and loses what is brought back', () => {
    const once = receipt({ whole: 'a3', docs: 'a2' }, [entry('docs', 'a3', 'x'), entry('plans', 'a3', 'x')]);
    expect(back(once, receipt({ docs: 'a1' }), ['docs'])).toEqual([
      entry('plans', 'a3', 'x'),
      entry('docs', 'a3', 'x'),
      entry('docs', 'a2'),
    ]);
    expect(back(once, receipt({ docs: 'a3' }), ['docs'])).toEqual([entry('plans', 'a3', 'x'), entry('docs', 'a2')]);
  });

  it('is nothing when a restore is undone: quarantine is as it was before that restore', () => {
    const after = receipt({ docs: 'a2' }, [entry('docs', 'a3'), entry('plans', 'a3')]);
    expect(back(after, receipt({ docs: 'a3' }), ['docs'], 'restore')).toEqual([entry('plans', 'a3')]);
    expect(back(after, receipt({ docs: 'a3' }, [entry('docs', 'a9')]), ['docs'], 'restore')).toEqual([
      entry('plans', 'a3'),
      entry('docs', 'a9'),
    ]);
  });
});

it('one commit is named once, with all components that it was taken back from', () => {
  const late = { ...entry('docs', 'a', 'late'), time: '2026-11-27T02:00:00Z' };
  expect(quarantinesOf(receipt({}, [late, entry('config', 'a'), entry('docs', 'b')]))).toEqual([
    { commit: 'a', why: 'rolled back', components: ['config', 'docs'], time: late.time, cause: 'rolled back to late' },
    {
      commit: 'b',
      why: 'rolled back',
      components: ['docs'],
      time: '2026-11-27T01:00:00Z',
      cause: 'rolled back to b',
    },
  ]);
});
