import { expect, test, vi } from 'vitest';
import { paintFor } from '../../../src/cli/render/colours.ts';
import { listrFace } from '../../../src/cli/render/listr-face.ts';
import type { EventBody, LockstepEvent } from '../../../src/domain/events.ts';

const whole = (body: EventBody): LockstepEvent => ({ ...body, v: 1, run: 'r', time: '2026-02-24T00:00:00Z' });

const step = { id: 'docs', uses: 'copy', skipped: null, patch: {}, warnings: [] } as const;

test('a tree whose run ended too early ends as well: nothing waits for what never comes', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const face = listrFace({ out: () => {} }, { paint: paintFor({ colour: false }), columns: 80, again: () => '' });
  face.draw(whole({ kind: 'run.started', run: 'r', commit: 'c', targets: ['planned', 'waiting'], dryRun: false }));
  const action = {
    kind: 'ref',
    component: 'package',
    checkout: '/x',
    ref: 'r',
    before: 'a',
    after: 'b',
    cause: '',
  } as const;
  const plan = {
    target: 'planned',
    commit: 'c',
    base: null,
    full: true,
    reason: 'new',
    steps: [{ ...step, actions: [action] }],
  };
  face.draw(whole({ kind: 'target.planned', target: 'planned', plan }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await face.end();
  vi.restoreAllMocks();
}, 5_000);

test('an end without any beginning is one too', async () => {
  const out: string[] = [];
  const face = listrFace(
    { out: (text) => void out.push(text) },
    { paint: paintFor({ colour: false }), columns: 80, again: () => '' },
  );
  await face.end();
  expect(out).toEqual([]);
});
