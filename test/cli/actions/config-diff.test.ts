import { expect, test } from 'vitest';
import { runCommand } from '../../../src/cli/program.ts';
import { documentStory } from '../../fixtures/document-story.ts';
import { machineWorld } from '../../fixtures/machine-ports.ts';
import { commit, put, temporary, text } from '../../fixtures/sandbox.ts';

const lockstep = async (cwd: string, ...argv: readonly string[]): Promise<readonly string[]> => {
  const said: string[] = [];
  const out = (line: string): void => void said.push(...line.split('\n'));
  expect({ argv, code: await runCommand(machineWorld(cwd, { out, err: out }), argv), said }).toMatchObject({ code: 0 });
  return said;
};

test('config diff shows both sides of what stays, no secret, and a command only when one would write', async () => {
  const { main, target } = documentStory(temporary('diff'));
  const from = 'config/opencode.toml';
  put(target, {
    'opencode.toml': text(main, from)
      .replace('default_model = "gpt-a"', 'default_model = "mine"')
      .replace('api_key = ""', 'api_key = "sk-0wn"'),
  });
  put(main, { [from]: `${text(main, from)}\n# runs here\n[providers.local]\nmodel = "small"\n` });
  commit(main, 'feat: a local provider');

  const before = await lockstep(main, 'config', 'diff', 'app');
  expect(before[1]).toBe('  opencode.toml  from config/opencode.toml: 1 key would change, 2 keys differ and stay');
  expect(before.slice(2).map((line) => line.trim())).toEqual([
    '+ providers.local.model = "small"  new in main',
    '= default_model = "mine" stays; main has "gpt-a"  strategy keep',
    '= providers.openai.api_key = ••• stays; main has •••  strategy merge keeps existing values',
    'next  lockstep config sync app --merge --dry-run',
  ]);

  await lockstep(main, 'config', 'sync', 'app', '--merge');
  expect(text(target, 'opencode.toml')).toContain('\n# runs here\n[providers.local]\nmodel = "small"\n');
  const after = await lockstep(main, 'config', 'diff', 'app');
  expect(after[1]).toBe('  opencode.toml  from config/opencode.toml: in step: 2 keys differ and stay');
  expect(after.slice(2).map((line) => line.trim())).toEqual(before.slice(3, 5).map((line) => line.trim()));

  put(target, { 'opencode.toml': null });
  const hint = `lockstep config sync app --complete`;
  expect((await lockstep(main, 'config', 'diff', 'app')).join('\n')).toContain(hint);
  await lockstep(main, ...hint.split(' ').slice(1));
  expect(text(target, 'opencode.toml')).toBe(text(main, from));
  expect([...before, ...after].join('\n')).not.toContain('sk-0wn');
});

test('a rollback tells a merged file that was edited since from one that stands as it was merged', async () => {
  const { main, target } = documentStory(temporary('diff'));
  await lockstep(main, 'config', 'sync', 'app', '--merge');
  const rollback = ['sync', 'rollback', '--target', 'app', '--component', 'config'];
  expect((await lockstep(main, ...rollback, '--dry-run')).join('\n')).not.toContain('newer edits');
  put(target, { 'opencode.toml': `${text(target, 'opencode.toml')}# mine\n` });
  expect((await lockstep(main, ...rollback)).join('\n')).toContain('1 file with newer edits was replaced');
});
