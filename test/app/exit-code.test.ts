import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/app/exit-code.ts';
import type { Outcome, TargetResult } from '../../src/domain/events.ts';
import { Interruption } from '../../src/domain/interruption.ts';

const result = (outcome: Outcome, code?: string): TargetResult => ({
  target: 'app',
  outcome,
  cause: '',
  commit: 'c',
  version: null,
  counts: { added: 0, changed: 0, removed: 0, kept: 0 },
  warnings: [],
  backup: null,
  took: 0,
  ...(code === undefined ? {} : { error: { code, message: code } }),
});

describe('exit status of a run', () => {
  it.each<[string, TargetResult[], number]>([
    ['nothing asked', [], 0],
    ['all in step', [result('done'), result('nothing-to-do')], 0],
    ['some failed', [result('done'), result('undone', 'verify-failed')], 4],
    ['the only one failed', [result('undone', 'verify-failed')], 5],
    ['the only one could not be looked at', [result('unknown', 'python-unusable')], 5],
    ['refused before anything started', [result('failed', 'conflict-refused')], 6],
    ['another process holds the lock', [result('failed', 'locked')], 7],
    ['failed for different causes', [result('failed', 'locked'), result('failed', 'disk')], 5],
    ['a bug', [result('failed', 'bug')], 1],
    ['interrupted', [result('done'), result('interrupted', 'interrupted')], 130],
  ])('%s', (_name, results, exit) => {
    expect(exitCodeOf(results)).toBe(exit);
  });

  it('names the signal that interrupted it', () => {
    const signal = AbortSignal.abort(new Interruption('SIGTERM'));
    expect(exitCodeOf([result('interrupted', 'interrupted')], signal)).toBe(143);
    expect(exitCodeOf([result('done')], signal)).toBe(0);
  });
});
