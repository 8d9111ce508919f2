import { describe, expect, it } from 'vitest';
import type { TargetStatusReport } from '../../src/app/status.ts';
import { postMerge } from '../../src/hooks/post-merge.ts';
import { postRewrite } from '../../src/hooks/post-rewrite.ts';
import { prePush } from '../../src/hooks/pre-push.ts';

const hooks = [prePush, postMerge, postRewrite];

describe('what a hook says', () => {
  const report = (target: string, behind: readonly string[]): TargetStatusReport => ({
    target,
    path: target,
    type: 'site-packages',
    status: behind.length === 0 ? 'synchronized' : 'needs_sync',
    cause: '',
    behind,
    priority: null,
    commit: null,
    version: null,
    lastSync: null,
    backups: 0,
    verified: null,
    quarantine: [],
  });

  it.each(hooks)('$name is silent when nothing is behind', ({ line }) => {
    expect(line([])).toBeUndefined();
    expect(line([report('a', [])])).toBeUndefined();
  });

  it('names the targets that are behind, and the command that brings them in step', () => {
    const reports = [report('comfyui', ['docs: 2 files']), report('app', []), report("ada's app", ['package: older'])];
    expect(prePush.line(reports)).toBe(
      "comfyui, ada's app need a sync of what is pushed: lockstep sync run --target comfyui --target 'ada'\\''s app'",
    );
    expect(postMerge.line(reports.slice(0, 2))).toBe(
      'comfyui is behind after this merge: lockstep sync run --target comfyui',
    );
  });

  it('names no more than five of many', () => {
    const many = Array.from({ length: 8 }, (_, index) => report(`t${index}`, ['docs: 1 file']));
    expect(prePush.line(many)).toContain('t4 and 3 more need');
  });
});
