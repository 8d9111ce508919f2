import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { loadProject } from '../../src/config/load.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { defaultRunPolicy } from '../../src/domain/run-policy.ts';
import { temporary } from '../fixtures/sandbox.ts';

const load = (runs: string) => {
  const root = temporary('config');
  writeFileSync(join(root, 'sync.config.yaml'), `version: 1\nproject: { name: a }\n${runs}\n`);
  return loadProject({
    files: diskFiles(() => undefined),
    root,
    configPath: join(root, 'sync.config.yaml'),
    stateDir: join(root, '.git', 'lockstep'),
  }).runs;
};
const complaint = (runs: string): string => {
  try {
    load(runs);
  } catch (error) {
    if (error instanceof LockstepError) return error.details.find((line) => line.startsWith('sync.config.yaml:')) ?? '';
    throw error;
  }
  return 'it was accepted';
};

describe('how long records of runs are kept', () => {
  it.each([
    ['', defaultRunPolicy],
    ['runs: { keep_last: 50, keep_within: 90d }', defaultRunPolicy],
    ['runs: { keep_last: 3 }', { keepLast: 3, keepWithin: null }],
    ['runs: { keep_within: 12h }', { keepLast: null, keepWithin: 12 * 3_600_000 }],
  ])('%s', (written, policy) => expect(load(written)).toEqual(policy));

  it.each([
    ['runs: {}', '3:7: must hold at least one of `keep_last`, `keep_within`'],
    ['runs: { keep_last: 0 }', '3:20: must be at least 1, not `0`'],
    ['runs: { keep_within: 0d }', '3:22: `0d` does not fit'],
    ['runs: { keep_within: soon }', '3:22: `soon` does not fit'],
    ['runs: { keep_lst: 3 }', '3:9: unknown key `keep_lst`; did you mean `keep_last`?'],
    ['runs: never', '3:7: must be'],
  ])('%s is refused at its place', (written, said) => expect(complaint(written)).toContain(`sync.config.yaml:${said}`));
});
