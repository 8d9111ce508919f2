import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { spawnProcesses } from '../../src/adapters/processes.ts';
import { askPython } from '../../src/adapters/python.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { makeVenv, pip, put, temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => {});
const processes = spawnProcesses(process.env);
const python = askPython(processes, files);
const sample = fileURLToPath(new URL('../fixtures/sample-project/src/opencode', import.meta.url));

const script = (dir: string, body: string): string => {
  const path = join(dir, 'python');
  writeFileSync(path, body);
  chmodSync(path, 0o755);
  return path;
};

const refusal = async (executable: string, timeout?: number): Promise<LockstepError> => {
  const asked = askPython(processes, files, timeout === undefined ? {} : { timeout });
  const error: unknown = await asked.inspect(executable, 'opencode-ai', 'opencode').catch((caught: unknown) => caught);
  if (!(error instanceof LockstepError)) throw new Error('it should have been refused');
  expect(error.code).toBe('python-unusable');
  return error;
};

describe('a real environment with pip', () => {
  let dir: string;
  let interpreter: string;
  let source: string;

  beforeAll(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-python-')));
    interpreter = makeVenv(join(dir, 'venv'));
    source = join(dir, 'clone');
    cpSync(sample, source, { recursive: true });
  });
  afterAll(() => fse.removeSync(dir));

  it('reports what the interpreter says of itself and a version of pip, in one process and without bytecode', async () => {
    const before = processes.counts().python ?? 0;
    const { facts, installations } = await python.inspect(interpreter, 'opencode-ai', 'opencode');
    const site = join(dir, 'venv', 'lib', `python${facts.version.split('.').slice(0, 2).join('.')}`, 'site-packages');
    expect(facts).toEqual({
      executable: interpreter,
      version: expect.stringMatching(/^3\.\d+\.\d+/),
      prefix: join(dir, 'venv'),
      purelib: site,
      platlib: site,
      scripts: join(dir, 'venv', 'bin'),
      data: join(dir, 'venv'),
      pip: expect.stringMatching(/^\d+/),
      externallyManaged: false,
      platform: 'posix',
    });
    expect(installations).toEqual([]);
    expect((processes.counts().python ?? 0) - before).toBe(1);
    expect(existsSync(join(dir, 'venv', '__pycache__'))).toBe(false);
  });

  it('tells an installed copy, then an editable one, as pip leaves them', async () => {
    const offline = ['install', '-q', '--no-index', '--no-build-isolation', '--no-deps'];
    pip(interpreter, ...offline, source);
    const plain = (await python.inspect(interpreter, 'OpenCode.AI', 'opencode')).installations;
    const site = plain[0]?.site ?? '';
    expect(plain).toEqual([
      {
        name: 'OpenCode.AI',
        version: '1.2.0',
        distInfo: join(site, 'opencode_ai-1.2.0.dist-info'),
        site,
        packageDir: join(site, 'opencode'),
      },
    ]);

    pip(interpreter, ...offline, '--force-reinstall', '-e', source);
    const editable = (await python.inspect(interpreter, 'opencode-ai', 'opencode')).installations;
    expect(editable).toEqual([
      {
        name: 'opencode-ai',
        version: '1.2.0',
        distInfo: join(site, 'opencode_ai-1.2.0.dist-info'),
        site,
        packageDir: join(source, 'src', 'opencode'),
        editable: { checkout: source, how: 'pth' },
      },
    ]);
    expect(readdirSync(join(source, 'src', 'opencode'))).not.toContain('__pycache__');
  });
});

describe('what the target really sees', () => {
  it("sees the copy in the user's own site-packages, which comes before the interpreter's", async () => {
    const base = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
    const home = temporary('user-base');
    const asUser = askPython(spawnProcesses({ ...process.env, HOME: home, APPDATA: home }), files);
    const { facts } = await asUser.inspect(base, 'opencode-ai', 'opencode');
    const [major, minor] = facts.version.split('.');
    const site = join(home, '.local', 'lib', `python${major}.${minor}`, 'site-packages');
    put(site, {
      'opencode/__init__.py': '',
      'opencode_ai-0.9.dist-info/METADATA': 'Name: opencode-ai\nVersion: 0.9\n',
      'opencode_ai-0.9.dist-info/RECORD': 'opencode/__init__.py,,\n',
    });
    const { installations } = await asUser.inspect(base, 'opencode-ai', 'opencode');
    expect(installations).toMatchObject([{ version: '0.9', site, packageDir: join(site, 'opencode') }]);
  });

  it('is not led astray by modules in the folder that Lockstep was started in', async () => {
    const dir = temporary('cwd');
    put(dir, { 'json.py': 'raise SystemExit(3)\n', 'opencode/__init__.py': 'raise SystemExit(4)\n' });
    const here = {
      ...processes,
      run: (request: Parameters<typeof processes.run>[0]) => processes.run({ ...request, cwd: dir }),
    };
    const base = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
    const { installations } = await askPython(here, files).inspect(base, 'opencode-ai', 'opencode');
    expect(installations).toEqual([]);
  });

  it('takes its answer from among the words that a site hook prints', async () => {
    const dir = temporary('noisy');
    execFileSync('python3', ['-m', 'venv', '--without-pip', join(dir, 'venv')]);
    const interpreter = join(dir, 'venv', 'bin', 'python');
    const { facts } = await python.inspect(interpreter, 'opencode-ai', 'opencode');
    put(facts.purelib, { 'noise.pth': 'import sys; sys.stdout.write("hello {")\n' });
    expect((await python.inspect(interpreter, 'opencode-ai', 'opencode')).facts).toEqual(facts);
  });
});

describe('a hook of an editable install', () => {
  it("decides which copy wins when it goes before the path, and leaves no bytecode in the target's folders", async () => {
    const dir = temporary('hooked');
    execFileSync('python3', ['-m', 'venv', '--without-pip', join(dir, 'venv')]);
    const interpreter = join(dir, 'venv', 'bin', 'python');
    const site = (await python.inspect(interpreter, 'opencode-ai', 'opencode')).facts.purelib;
    const elsewhere = join(dir, 'src', 'opencode');
    put(dir, { 'src/opencode/__init__.py': 'raise SystemExit("imported")\n' });
    put(site, {
      'opencode/__init__.py': 'raise SystemExit("imported")\n',
      'opencode_ai-1.0.dist-info/METADATA': 'Name: opencode-ai\nVersion: 1.0\n',
      'opencode_ai-1.0.dist-info/RECORD': 'opencode/__init__.py,,\n',
      'opencode_ai-1.1.dist-info/METADATA': 'Name: opencode-ai\nVersion: 1.1\n',
      'opencode_ai-1.1.dist-info/RECORD': '_front.pth,,\n_front.py,,\n',
      '_front.pth': 'import _front\n',
      '_front.py': `import sys
from importlib.util import spec_from_file_location
MAPPING = {'opencode': '${elsewhere}'}
class Front:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return spec_from_file_location(name, MAPPING[name] + "/__init__.py") if name in MAPPING else None
sys.meta_path.insert(0, Front)
`,
    });
    const { installations } = await python.inspect(interpreter, 'opencode-ai', 'opencode');
    expect(installations.map(({ version, packageDir }) => [version, packageDir])).toEqual([
      ['1.1', elsewhere],
      ['1.0', join(site, 'opencode')],
    ]);
    expect(files.glob(['**/__pycache__'], dir)).toEqual([]);
  });
});

describe('an interpreter that cannot be used', () => {
  it.each([
    ['is not there', (dir: string) => join(dir, 'python'), 'is not there'],
    [
      'is a link that leads nowhere',
      (dir: string) => {
        symlinkSync('/nowhere/python3.9', join(dir, 'python'));
        return join(dir, 'python');
      },
      'is a link to /nowhere/python3.9, which is not there',
    ],
    ['is a folder', (dir: string) => dir, 'is a folder, not a program'],
    [
      'may not be executed',
      (dir: string) => {
        writeFileSync(join(dir, 'python'), '#!/bin/sh\n', { mode: 0o644 });
        return join(dir, 'python');
      },
      'is not executable',
    ],
    [
      'is a Windows program',
      (dir: string) => script(dir, 'MZ\x90\x00\ntouch "$(dirname "$0")/ran"\n'),
      'is a Windows program, which cannot run on this machine',
    ],
    [
      'is a macOS program',
      (dir: string) => {
        writeFileSync(join(dir, 'python'), Buffer.from('cffaedfe0c000001', 'hex'), { mode: 0o755 });
        return join(dir, 'python');
      },
      'is a macOS program, which cannot run on this machine',
    ],
    [
      'is no program at all',
      (dir: string) => script(dir, 'touch "$(dirname "$0")/ran"\n'),
      'is neither a program nor a script',
    ],
    ['names an interpreter that is gone', (dir: string) => script(dir, '#!/nowhere/python\n'), 'cannot be started'],
    [
      'exits with an error',
      (dir: string) => script(dir, '#!/bin/sh\necho "no module named encodings" >&2; exit 1\n'),
      'exits with 1: no module named encodings',
    ],
    [
      'prints something else',
      (dir: string) => script(dir, '#!/bin/sh\necho lockstep {}\n'),
      'does not answer as a Python does',
    ],
    ['prints nothing', (dir: string) => script(dir, '#!/bin/sh\n'), 'does not answer as a Python does'],
    ['is killed', (dir: string) => script(dir, '#!/bin/sh\nkill -SEGV $$\n'), 'was ended by SIGSEGV'],
    [
      'is too old',
      (dir: string) =>
        script(
          dir,
          `#!/bin/sh\nprintf '%s\\n' 'lockstep {"executable":"/p","version":"2.7.18","numbers":[2,7],"prefix":"/","purelib":"/","platlib":"/","scripts":"/","data":"/","managed":false,"os":"posix","path":[],"place":null}'\n`,
        ),
      'is Python 2.7.18; 3.8 or newer is needed',
    ],
  ])('says so when it %s', async (_what, make, cause) => {
    const dir = temporary('broken');
    const executable = make(dir);
    expect((await refusal(executable)).message).toContain(cause);
    // The shell was not handed a file that the kernel does not know as a program.
    expect(existsSync(join(dir, 'ran'))).toBe(false);
  });

  it('says so when it does not answer in time', async () => {
    const executable = script(temporary('slow'), '#!/bin/sh\nsleep 30\n');
    expect((await refusal(executable, 300)).message).toContain('did not answer within 0.3 s');
  });
});
