import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../fixtures/state-ports.ts';
import { losePower } from './power-loss.ts';

describe('a power failure at any call of a transaction', () => {
  let dir = '';
  let built = { hook: '', child: '' };
  beforeAll(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-power-')));
    mkdirSync(join(dir, 'built'));
    built = {
      hook: bundle('crash/fs-hook.ts', join(dir, 'built/fs-hook.mjs')),
      child: bundle('crash/power-child.ts', join(dir, 'built/child.mjs')),
    };
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  // Many more samples, and twenty recoveries that lose the power too: `npm run test:crash -- --part power`.
  for (const [moves, survivors] of [
    ['whole', 1],
    ['in halves', 0],
  ] as const) {
    it(`leaves the target, once recovered, as before or as after (moves ${moves})`, async () => {
      const { rows, differences } = await losePower({ dir, ...built, survivors, recoveries: 1, seed: 1, moves });
      expect(differences.slice(0, 5)).toEqual([]);
      const [transaction, recovery] = rows;
      expect(transaction?.points).toBeGreaterThan(300);
      expect(recovery?.points).toBeGreaterThan(20);
      expect(Math.min(transaction?.before ?? 0, transaction?.after ?? 0)).toBeGreaterThan(20);
    });
  }
});
