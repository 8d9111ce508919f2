import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/adapters/files.ts';
import type { PythonFacts } from '../../../src/domain/target.ts';
import { fetchPins } from '../../../src/integrations/package/index-pin.ts';
import { type Network, networkOf, runPip } from '../../../src/integrations/package/pip.ts';
import { packagePlace } from '../../../src/integrations/package/place.ts';
import { stageWheels } from '../../../src/integrations/package/stage.ts';
import type { TargetContext } from '../../../src/integrations/target-context.ts';
import type { Ports, ProcessRequest } from '../../../src/ports.ts';
import { readingPorts, situationOf } from '../../fixtures/document-target.ts';
import { commit, initRepo, put, temporary } from '../../fixtures/sandbox.ts';

const wheel = {
  name: 'opencode-ai',
  version: '1.2.0',
  sha256: 'a'.repeat(64),
  file: 'opencode_ai-1.2.0-py3-none-any.whl',
  path: '/store/opencode_ai-1.2.0-py3-none-any.whl',
  recordedPath: '/store/opencode_ai-1.2.0-py3-none-any.whl',
};

/** A target whose pip is played by a function that sees what it is asked. */
const world = (pip: (request: ProcessRequest) => void = () => {}) => {
  const dir = temporary('pip');
  const main = initRepo(join(dir, 'main'));
  commit(main, 'feat: first');
  const target = join(dir, 'target');
  const site = join(target, 'lib', 'site-packages');
  put(site, { 'README.txt': '' });
  const calls: ProcessRequest[] = [];
  const ports: Ports = {
    ...readingPorts(),
    files: { ...diskFiles(() => {}), scratch: (label) => temporary(label) },
    processes: {
      counts: () => ({}),
      run: async (request) => {
        calls.push(request);
        pip(request);
        return { code: 0, stdout: Buffer.from(''), stderr: '', timedOut: false, signal: null };
      },
    },
  };
  const python: PythonFacts = {
    executable: join(target, 'bin', 'python'),
    version: '3.11.7',
    prefix: target,
    purelib: site,
    platlib: site,
    scripts: join(target, 'bin'),
    data: target,
    pip: '24.0',
    externallyManaged: false,
    platform: 'posix',
  };
  const { context } = situationOf({ main, target, ports, layout: { site, python } });
  return { dir, target, context, calls, pip: { argv: [python.executable, '-m', 'pip'], version: '24.0' } as const };
};

const stage = async ({ context, pip }: ReturnType<typeof world>) => {
  const place = packagePlace(context);
  if (place === undefined) throw new Error('no place');
  return stageWheels(context, { pip, place, wheels: [{ wheel, from: 'local' }] });
};

describe('staging', () => {
  it('asks pip for the planned wheels and for nothing else', async () => {
    const here = world();
    await stage(here);
    expect(here.calls).toHaveLength(1);
    const argv: readonly string[] = here.calls[0]?.argv ?? [];
    const env = here.calls[0]?.env;
    expect(argv).toEqual(expect.arrayContaining(['--no-index', '--no-deps', '--no-compile', '--ignore-installed']));
    expect(argv.at(-1)).toBe(wheel.path);
    expect(env).toMatchObject({ PIP_NO_INDEX: '1', PIP_NO_CACHE_DIR: '1' });
    // pip writes where it is told to, and that is not the target.
    expect(argv[argv.indexOf('--prefix') + 1]).not.toContain(here.target);
  });

  it('refuses a wheel whose RECORD names a file outside of it', async () => {
    const here = world(({ argv }) => {
      const site = join(argv[argv.indexOf('--prefix') + 1] ?? '', 'lib', 'python3.11', 'site-packages');
      put(site, {
        'opencode_ai-1.2.0.dist-info/METADATA': 'Name: opencode-ai\nVersion: 1.2.0\n',
        'opencode_ai-1.2.0.dist-info/RECORD':
          '../../../../outside/secret.txt,,\nopencode_ai-1.2.0.dist-info/RECORD,,\n',
        '../../../../outside/secret.txt': 'not of the wheel\n',
      });
    });
    await expect(stage(here)).rejects.toMatchObject({
      code: 'package-install-failed',
      message: expect.stringContaining('outside/secret.txt'),
    });
  });
});

describe('an index', () => {
  const project = (network: boolean): Pick<TargetContext, 'project'> => {
    const { context } = world();
    return {
      project: {
        ...context.project,
        package: { ...context.project.package, network, index: 'https://index.example/simple' },
      },
    };
  };

  it('is asked for dependencies only where the project allows it', () => {
    expect(networkOf(project(false))).toEqual({ kind: 'off' });
    expect(networkOf(project(true))).toEqual({ kind: 'on', index: 'https://index.example/simple' });
  });

  const environmentFor = async (network: Network) => {
    const { context, calls, pip } = world();
    await runPip({ pip, args: ['wheel', 'x'], network, ports: context.ports, signal: context.signal });
    return calls[0];
  };

  it('is out of reach of a pip that is offline, whatever its own configuration says', async () => {
    expect((await environmentFor({ kind: 'off' }))?.env).toMatchObject({ PIP_NO_INDEX: '1' });
  });

  it('is named where nobody else on the machine reads its password', async () => {
    const index = 'https://ada:s3cret@index.example/simple';
    const call = await environmentFor({ kind: 'on', index });
    expect(call?.argv.join(' ')).not.toContain('s3cret');
    expect(call?.env).toMatchObject({ PIP_INDEX_URL: index });
  });

  it('that gives no digest of a file is not installed from', async () => {
    const { context, calls, pip } = world();
    const pin = { name: 'rich', version: '13.0', url: 'https://index.example/rich.whl', sha256: null, direct: false };
    const once: TargetContext['wheels'] = { ...context.wheels, once: (_key, make) => make() };
    const asked = () => fetchPins({ ...context, wheels: once }, { pip, network: { kind: 'off' }, pins: [pin] });
    await expect(asked()).rejects.toMatchObject({
      code: 'package-install-failed',
      message: 'the index gives no sha256 for rich 13.0',
    });
    expect(calls).toEqual([]);
  });
});
