import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRecord } from '../../src/checks/package-record.ts';
import { runSuites } from '../../src/checks/run-suites.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { readingPorts, situationOf } from '../fixtures/document-target.ts';
import { put, sampleMain, temporary } from '../fixtures/sandbox.ts';

/** A target of which one suite looks whether its documents are complete, with a disk that fails on the way. */
const withDisk = (error: Error) => {
  const dir = temporary('suite');
  const ports = readingPorts();
  const state = (): never => {
    throw error;
  };
  const { context } = situationOf({
    main: sampleMain(join(dir, 'main')),
    target: dir,
    ports: { ...ports, files: { ...ports.files, state } },
    project: { suites: { docs: [{ name: 'whole', uses: 'complete', with: {} }] } },
  });
  return context;
};

it('does not take trouble of the environment for a pass, nor for a failure', async () => {
  const trouble = new LockstepError('disk', '/t/docs cannot be looked at: EIO', { details: ['dmesg'] });
  const report = await runSuites(withDisk(trouble), ['docs'], () => {});
  expect(report).toMatchObject({
    passed: false,
    suites: [{ checks: [{ outcome: 'could-not-run', cause: trouble.message, details: ['dmesg'] }] }],
  });
});

it('lets a bug of its own be seen as one', async () => {
  await expect(runSuites(withDisk(new TypeError('a bug')), ['docs'], () => {})).rejects.toThrow(TypeError);
});

it('cannot judge an installation that has no list of its files', async () => {
  const dir = temporary('suite');
  const site = join(dir, 'lib', 'site-packages');
  put(site, {
    'opencode/__init__.py': '',
    'opencode_ai-1.2.0.dist-info/METADATA': 'Name: opencode-ai\nVersion: 1.2.0\n',
  });
  const { context } = situationOf({ main: sampleMain(join(dir, 'main')), target: dir, layout: { site } });
  expect(await packageRecord.run(context, {})).toMatchObject({
    outcome: 'could-not-run',
    cause: expect.stringContaining('opencode-ai 1.2.0 has no RECORD'),
  });
});
