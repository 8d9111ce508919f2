import { describe, expect, it } from 'vitest';
import { chooseTargets, targetNamed } from '../../src/app/choose-targets.ts';
import type { TargetRecord } from '../../src/domain/target.ts';

const record = (name: string, more: Partial<TargetRecord> = {}): TargetRecord => ({
  name,
  path: `apps/${name}`,
  type: 'site-packages',
  last_sync: null,
  sync_version: null,
  status: 'needs_sync',
  ...more,
});

describe('which targets a command means', () => {
  const all = [record('one'), record('two'), record('parked', { hold: true })];
  it('takes names and the paths of the registry, each once, in its order', () => {
    const chosen = chooseTargets(all, { names: ['two', 'apps/one', 'one'] });
    expect(chosen.map((target) => target.name)).toEqual(['one', 'two']);
  });
  it('leaves a target on hold out of all, but not when it is named', () => {
    expect(chooseTargets(all, 'all').map((target) => target.name)).toEqual(['one', 'two']);
    expect(chooseTargets(all, { names: ['parked'] })).toHaveLength(1);
  });
  it('names the nearest target for a wrong name, and how to register one when there is none', () => {
    expect(() => targetNamed(all, 'tow')).toThrowError(
      expect.objectContaining({ code: 'unknown-target', hint: 'did you mean two?' }),
    );
    expect(() => targetNamed([], 'x')).toThrowError(
      expect.objectContaining({ hint: expect.stringContaining('target add') }),
    );
  });
});
