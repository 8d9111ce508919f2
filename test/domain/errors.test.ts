import { describe, expect, it } from 'vitest';
import { forTarget, LockstepError } from '../../src/domain/errors.ts';

describe('an error of a target', () => {
  it('says to which one it happened, and keeps all the rest', () => {
    const cause = new Error('no space');
    const error = new LockstepError('disk', 'writing failed', { hint: 'df -h', details: ['a'], cause });
    const named = forTarget(error, 'app');
    expect(named).toBeInstanceOf(LockstepError);
    expect(named).toMatchObject({
      code: 'disk',
      message: 'writing failed',
      target: 'app',
      hint: 'df -h',
      details: ['a'],
      cause,
    });
  });

  it('keeps the target that it names already, and a bug stays what it is', () => {
    const error = new LockstepError('disk', 'writing failed', { target: 'first' });
    expect(forTarget(error, 'second')).toBe(error);
    const bug = new TypeError('x is not a function');
    expect(forTarget(bug, 'app')).toBe(bug);
  });
});
