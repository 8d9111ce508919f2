import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { loadProject } from '../../src/config/load.ts';
import { defaultBackupPolicy, defaultBackupRules } from '../../src/domain/backup-policy.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { temporary } from '../fixtures/sandbox.ts';

const load = (backups: string) => {
  const root = temporary('config');
  writeFileSync(join(root, 'sync.config.yaml'), `version: 1\nproject: { name: a }\n${backups}\n`);
  return loadProject({
    files: diskFiles(() => undefined),
    root,
    configPath: join(root, 'sync.config.yaml'),
    stateDir: join(root, '.git', 'lockstep'),
  }).backups;
};
const complaint = (backups: string): string => {
  try {
    load(backups);
  } catch (error) {
    if (error instanceof LockstepError) return error.details.find((line) => line.startsWith('sync.config.yaml:')) ?? '';
    throw error;
  }
  return 'it was accepted';
};

describe('how long backups are kept', () => {
  it.each([
    ['', defaultBackupPolicy],
    ['backups: { keep_last: 20, keep_within: 30d }', defaultBackupPolicy],
    ['backups: { keep_last: 3 }', { usual: { keepLast: 3, keepWithin: null }, targets: {} }],
    ['backups: { keep_within: 12h }', { usual: { keepLast: null, keepWithin: 12 * 3_600_000 }, targets: {} }],
    [
      'backups: { targets: { comfyui: { keep_last: 2 } } }',
      { usual: defaultBackupRules, targets: { comfyui: { keepLast: 2, keepWithin: null } } },
    ],
  ])('%s', (written, policy) => expect(load(written)).toEqual(policy));

  it.each([
    ['backups: {}', '3:10: must hold at least one of `keep_last`, `keep_within`, `targets`'],
    ['backups: { targets: { comfyui: {} } }', '3:32: must hold at least one of `keep_last`, `keep_within`'],
    ['backups: { keep_last: 0 }', '3:23: must be at least 1, not `0`'],
    ['backups: { keep_within: 0d }', '3:25: `0d` does not fit'],
    ['backups: { keep_lst: 3 }', '3:12: unknown key `keep_lst`; did you mean `keep_last`?'],
    ['backups: never', '3:10: must be'],
  ])('%s is refused at its place', (written, said) => expect(complaint(written)).toContain(`sync.config.yaml:${said}`));
});
