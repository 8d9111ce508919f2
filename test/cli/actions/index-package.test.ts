import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../../../src/cli/program.ts';
import { machineWorld } from '../../fixtures/machine-ports.ts';
import { commit, makeVenv, pip, put, sampleMain, setVersion, temporary, text } from '../../fixtures/sandbox.ts';
import { startIndex } from '../../fixtures/simple-index.ts';

const lockstep = async (cwd: string, ...argv: readonly string[]): Promise<string> => {
  const said: string[] = [];
  const out = (line: string): void => void said.push(line);
  const code = await runCommand(machineWorld(cwd, { out, err: out }), argv);
  expect({ argv, code, said }).toMatchObject({ code: 0 });
  return said.join('\n');
};

test('of a package from an index, status says that the index was not asked, and every plan asks it', async () => {
  const index = await startIndex();
  onTestFinished(() => index.close());
  const top = temporary('index');
  const main = sampleMain(join(top, 'main'));
  const python = makeVenv(join(top, 'app/.venv'));
  const publish = (version: string): void => {
    const project = sampleMain(join(top, version));
    setVersion(project, version);
    const out = join(project, 'out');
    pip(
      python,
      'wheel',
      '-q',
      '--no-index',
      '--no-deps',
      '--no-build-isolation',
      '-w',
      out,
      join(project, 'src/opencode'),
    );
    const [file = ''] = readdirSync(out);
    index.publish('opencode-ai', file, readFileSync(join(out, file)));
  };
  publish('1.2.0');
  const config = text(main, 'sync.config.yaml').replace('package: src/opencode', `from: index\n  index: ${index.url}`);
  put(main, { 'sync.config.yaml': config });
  commit(main, 'build: the package comes from an index');
  await lockstep(main, 'trust', '--yes');
  await lockstep(main, 'target', 'add', 'app', '--path', '../app');
  await lockstep(main, 'sync', 'run', '--target', 'app');

  publish('1.3.0');
  const asked = index.asked.length;
  const known = 'opencode-ai 1.2.0 as the last sync pinned it; the index was not asked for a newer one';
  expect(await lockstep(main, 'sync', 'status')).toContain(known);
  expect(await lockstep(main, 'target', 'show', 'app')).toContain(known);
  expect(index.asked.length).toBe(asked);

  expect(await lockstep(main, 'sync', 'run', '--target', 'app', '--dry-run')).toContain(
    'opencode-ai 1.2.0 → 1.3.0 from the index',
  );
});
