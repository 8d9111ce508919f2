import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../../src/domain/errors.ts';
import { parseReport, pipCause, pipTail, runPip, withoutCredentials } from '../../../src/integrations/package/pip.ts';
import { probe } from '../../../src/integrations/package/probe.ts';

const failed = (stderr: string, stdout = '') =>
  ({ code: 1, stdout: Buffer.from(stdout), stderr, timedOut: false, signal: null }) as const;

describe('why pip failed', () => {
  it.each([
    ["error: invalid command 'bdist_wheel'", /setuptools 70\.1/],
    ['ERROR: No matching distribution found for lib>=2 (from x)', /^lib>=2 cannot be found$/],
    ["ERROR: Package 'x' requires a different Python: 3.11.7 not in '>=3.12'", /3\.11\.7 not in '>=3\.12'/],
    ['ERROR: x.whl is not a supported wheel on this platform.', /another platform or Python/],
    ["  ModuleNotFoundError: No module named 'hatchling'", /No module named 'hatchling'/],
    ['OSError: [Errno 28] No space left on device', /no space/],
    ['  Traceback\n  pkg.errors.BuildError: first\n  ValueError: last\nerror: subprocess-exited', /^ValueError: last$/],
    ['WARNING: x\nERROR: something else', /^something else$/],
    ['', /exit code 1/],
  ])('%s', (stderr, cause) => {
    expect(pipCause(failed(stderr))).toMatch(cause);
  });

  it('never shows what a URL says of user and password', () => {
    const result = failed('ERROR: 401 for https://ada:secret@index.invalid/simple/x', 'http://token@a.invalid/');
    expect(`${pipCause(result)} ${pipTail(result).join(' ')}`).not.toMatch(/secret|token/);
    expect(withoutCredentials('https://a.invalid/p@x')).toBe('https://a.invalid/p@x');
  });

  it('keeps the last lines, without the notice of a newer pip', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    expect(pipTail(failed(`${lines.join('\n')}\n\n[notice] A new release of pip is available`))).toEqual(
      lines.slice(-15),
    );
  });
});

it('reads a digest in either form of a report, and refuses what is no report', () => {
  const digest = 'a'.repeat(64);
  const one = (archive_info: object) => ({
    metadata: { name: 'x', version: '1' },
    download_info: { url: 'u', archive_info },
  });
  const install = [one({ hash: `sha256=${digest}` }), one({ hashes: { sha256: digest } }), one({ hash: 'md5=1' })];
  const report = { ...failed('', JSON.stringify({ version: '1', install })), code: 0 };
  expect(parseReport(report).map(({ sha256 }) => sha256)).toEqual([digest, digest, null]);
  expect(() => parseReport(failed('', 'Collecting x'))).toThrow(/report of pip cannot be read/);
});

it('makes what it makes in passing inside of our scratch', async () => {
  let env: Readonly<Record<string, string>> | undefined;
  const ports = {
    files: { scratch: (label: string) => `/scratch/${label}` },
    processes: {
      run: async (request: { env?: typeof env }) => {
        env = request.env;
        return { ...failed(''), code: 0 };
      },
    },
  } as unknown as Parameters<typeof runPip>[0]['ports'];
  const { signal } = new AbortController();
  await runPip({ pip: { argv: ['pip'] } as never, args: ['list'], network: { kind: 'off' }, ports, signal });
  expect(env).toMatchObject({ TMPDIR: '/scratch/pip-tmp', TEMP: '/scratch/pip-tmp', TMP: '/scratch/pip-tmp' });
});

it('tells of a full disk as such, not of a Python that does not run', async () => {
  const full = new LockstepError('disk', 'no folder for work in passing can be made');
  const scratch = (): never => {
    throw full;
  };
  const ports = { files: { scratch } } as unknown as Parameters<typeof probe>[0]['ports'];
  await expect(probe({ ports, signal: new AbortController().signal }, 'python3', [])).rejects.toBe(full);
});
