import { expect, test } from 'vitest';
import { runCommand } from '../../../src/cli/program.ts';
import { documentStory } from '../../fixtures/document-story.ts';
import { machineWorld } from '../../fixtures/machine-ports.ts';
import { commit, git, put, temporary, text } from '../../fixtures/sandbox.ts';

const lockstep = async (cwd: string, ...argv: readonly string[]): Promise<readonly string[]> => {
  const said: string[] = [];
  const out = (line: string): void => void said.push(...line.split('\n'));
  expect({ argv, code: await runCommand(machineWorld(cwd, { out, err: out }), argv), said }).toMatchObject({ code: 0 });
  return said;
};

test('why a sync is a full one is shown and recorded, also where there is nothing to do', async () => {
  const { main } = documentStory(temporary('full'));
  const logged = (): string => {
    const lines = text(main, '.git/lockstep/runs/log.ndjson').trim().split('\n');
    return (JSON.parse(lines.at(-1) ?? '{}') as { readonly line: string }).line;
  };

  const first = await lockstep(main, 'sync', 'run', '--target', 'app', '--reason', 'weekly');
  expect(first).toContain('app › full sync: new target: never completely synced (weekly)');
  expect(logged()).toMatch(/^app done: .*; full sync: new target: never completely synced \(weekly\)$/);

  const security = await lockstep(main, 'sync', 'run', '--target', 'app', '--reason', 'security: CVE-2026-1');
  expect(security).toContain('app › full sync: security: CVE-2026-1');
  expect(logged()).toBe('app nothing-to-do: in step: nothing to sync; full sync: security: CVE-2026-1');

  const weekly = await lockstep(main, 'sync', 'run', '--target', 'app', '--reason', 'weekly', '--dry-run');
  expect(weekly.join('\n')).toContain('  reason: weekly');
  expect(weekly.join('\n')).not.toContain('full sync');

  put(main, { 'docs/new.md': '# New\n' });
  commit(main, 'docs: a page');
  git(main, 'tag', '-a', 'v1.3.0', '-m', 'v1.3.0');
  const jump = await lockstep(main, 'sync', 'run', '--target', 'app');
  expect(jump.join('\n')).toMatch(/^app › full sync: minor version change: v1\.2\.0-1-g\w+ to v1\.3\.0$/m);
  expect(logged()).toMatch(/; full sync: minor version change: v1\.2\.0-1-g\w+ to v1\.3\.0$/);
});
