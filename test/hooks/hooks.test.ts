import { describe, expect, it } from 'vitest';
import { behindLine } from '../../src/hooks/behind.ts';

const report = (target: string, behind: readonly string[]) => ({ target, behind });
const words = { hook: 'post-merge', what: 'merge' };

describe('what a hook says after main moved', () => {
  it('is nothing when nothing is behind', () => {
    expect(behindLine(words, [])).toBeUndefined();
    expect(behindLine(words, [report('a', [])])).toBeUndefined();
  });

  it('names the targets that are behind, and the command that brings them in step', () => {
    const reports = [report('comfyui', ['docs: 2 files']), report('app', []), report("ada's app", ['package: older'])];
    expect(behindLine(words, reports.slice(0, 2))).toBe(
      'lockstep post-merge: comfyui is behind after this merge: lockstep sync run --target comfyui',
    );
    expect(behindLine({ hook: 'post-rewrite', what: 'rebase' }, reports)).toBe(
      "lockstep post-rewrite: comfyui, ada's app are behind after this rebase: lockstep sync run --target comfyui --target 'ada'\\''s app'",
    );
  });

  it('names no more than five of many', () => {
    const many = Array.from({ length: 8 }, (_, index) => report(`t${index}`, ['docs: 1 file']));
    expect(behindLine(words, many)).toContain('t4 and 3 more are');
  });
});
