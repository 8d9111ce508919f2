/** Asks a real interpreter, in one short process that imports nothing of the target's, what it is and what it sees. */
import { isAbsolute } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { findInstallations } from '../domain/installations.ts';
import { maskText } from '../domain/mask-text.ts';
import { defaultSecrets } from '../domain/secrets.ts';
import { dirAt, type Wanted } from '../domain/sites.ts';
import type { Installation, PythonFacts } from '../domain/target.ts';
import type { Files, Processes, Python } from '../ports.ts';

/**
 * Not `-I`, which would hide the user's own site-packages: a copy there shadows the target's, and the target does see
 * it. So `-E` alone, and the current folder, which `-c` puts first, is taken off before anything is imported.
 * Written so that even Python 2 can say which version it is. `find_spec` of a plain name imports nothing.
 */
const script = `import sys
sys.path[:] = [p for p in sys.path if p]
import json, os, sysconfig
def place(name):
    try:
        from importlib.util import find_spec
        spec = find_spec(name) if "." not in name else None
        if spec is None or spec.origin is None:
            return None
        return os.path.dirname(os.path.abspath(spec.origin))
    except Exception:
        return None
base = getattr(sys, "base_prefix", sys.prefix)
paths = sysconfig.get_paths()
marker = os.path.join(paths["stdlib"], "EXTERNALLY-MANAGED")
answer = {
    "executable": sys.executable or "", "version": sys.version.split()[0], "numbers": list(sys.version_info[:2]),
    "prefix": sys.prefix, "purelib": paths["purelib"], "platlib": paths["platlib"], "scripts": paths["scripts"],
    "data": paths["data"], "managed": base == sys.prefix and os.path.exists(marker), "os": os.name,
    "path": sys.path, "place": place(sys.argv[1]),
}
sys.stdout.write("\\nlockstep " + json.dumps(answer) + "\\n")
`;

interface Answer {
  readonly executable: string;
  readonly version: string;
  readonly numbers: readonly [number, number];
  readonly prefix: string;
  readonly purelib: string;
  readonly platlib: string;
  readonly scripts: string;
  readonly data: string;
  readonly managed: boolean;
  readonly os: string;
  readonly path: readonly string[];
  readonly place: string | null;
}

const unusable = (executable: string, why: string, facts: { cause?: unknown; details?: readonly string[] } = {}) =>
  new LockstepError('python-unusable', `the Python ${executable} ${why}`, {
    hint: 'name one that runs here: --python <path> of lockstep target add, or lockstep target update <name> --python <path>',
    ...facts,
  });

const machO = new Set(['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe']);

/**
 * Why a file cannot be an interpreter here; undefined when it may be one. Asked before it is started: the C library
 * hands whatever the kernel does not know as a program to the shell, which would run a Windows program as a script.
 */
const refusal = (files: Files, path: string): string | undefined => {
  const real = files.real(path);
  if (real === undefined) {
    const link = files.stat(path)?.kind === 'link';
    return link ? `is a link to ${files.readLink(path)}, which is not there` : 'is not there';
  }
  const stat = files.stat(real);
  if (stat?.kind === 'dir') return 'is a folder, not a program';
  if (stat?.kind !== 'file') return 'is not a program';
  if (process.platform === 'win32') return undefined;
  let head: Buffer;
  try {
    head = files.readRange(real, 0, 4);
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`;
  }
  if (head.toString('latin1', 0, 2) === 'MZ') return 'is a Windows program, which cannot run on this machine';
  if ((stat.mode & 0o111) === 0) return 'is not executable';
  if (head.toString('latin1', 0, 2) === '#!') return undefined;
  const isElf = head.toString('latin1') === '\x7fELF';
  const isMachO = machO.has(head.toString('hex'));
  if (process.platform === 'darwin' ? isMachO : isElf) return undefined;
  if (isElf) return 'is a Linux program, which cannot run on this machine';
  return isMachO ? 'is a macOS program, which cannot run on this machine' : 'is neither a program nor a script';
};

/** A `site` hook of that Python may print what it likes. */
const lastLines = (text: string): string[] =>
  maskText(text, defaultSecrets)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-5);

const isAnswer = (value: unknown): value is Answer => {
  if (typeof value !== 'object' || value === null) return false;
  const answer = value as Record<string, unknown>;
  const texts = ['executable', 'version', 'prefix', 'purelib', 'platlib', 'scripts', 'data', 'os'];
  return texts.every((key) => typeof answer[key] === 'string') && [answer.numbers, answer.path].every(Array.isArray);
};

const parseAnswer = (stdout: string): Answer | undefined => {
  const line = stdout.split('\n').findLast((one) => one.startsWith('lockstep {'));
  try {
    const value: unknown = line === undefined ? undefined : JSON.parse(line.slice('lockstep '.length));
    return isAnswer(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The interpreter's own word on where the package comes from goes before the order that the files suggest. */
const winnerFirst = (files: Files, installations: readonly Installation[], place: string | null): Installation[] => {
  const real = place === null ? undefined : dirAt(files, place);
  const wins = (one: Installation): boolean => real !== undefined && one.packageDir === real;
  return [...installations.filter(wins), ...installations.filter((one) => !wins(one))];
};

/**
 * Real interpreters, 3.8 or newer. `inspect` throws `python-unusable` with the precise cause.
 * @param limits `timeout` in milliseconds, 20 s unless told.
 */
export const askPython = (
  processes: Processes,
  files: Files,
  { timeout = 20_000 }: { readonly timeout?: number } = {},
): Python => {
  const ask = async (executable: string, importName: string): Promise<Answer> => {
    // A bare name is looked up on PATH by the system.
    const refused = isAbsolute(executable) ? refusal(files, executable) : undefined;
    if (refused !== undefined) throw unusable(executable, refused);
    const result = await processes
      .run({ argv: [executable, '-E', '-B', '-c', script, importName], as: 'python', timeout })
      .catch((error: unknown) => {
        throw unusable(executable, `cannot be started: ${messageOf(error)}`, { cause: error });
      });
    const details = lastLines(result.stderr);
    if (result.timedOut) throw unusable(executable, `did not answer within ${timeout / 1000} s`, { details });
    if (result.signal !== null) throw unusable(executable, `was ended by ${result.signal}`, { details });
    if (result.code !== 0) {
      const said = details.at(-1);
      throw unusable(executable, `exits with ${result.code}${said === undefined ? '' : `: ${said}`}`, { details });
    }
    const stdout = result.stdout.toString('utf8');
    const answer = parseAnswer(stdout);
    if (answer === undefined) {
      throw unusable(executable, 'does not answer as a Python does', { details: lastLines(stdout) });
    }
    const [major, minor] = answer.numbers;
    if (major < 3 || (major === 3 && minor < 8)) {
      throw unusable(executable, `is Python ${answer.version}; 3.8 or newer is needed`);
    }
    if (answer.os === 'nt' && process.platform !== 'win32') {
      throw unusable(executable, 'is a Windows program whose paths mean nothing on this machine');
    }
    return answer;
  };

  return {
    inspect: async (executable, packageName, importName) => {
      const answer = await ask(executable, importName);
      const find = (wanted: Wanted) => findInstallations(files, answer.path, wanted);
      const facts: PythonFacts = {
        executable: isAbsolute(answer.executable) ? answer.executable : executable,
        version: answer.version,
        prefix: answer.prefix,
        purelib: answer.purelib,
        platlib: answer.platlib,
        scripts: answer.scripts,
        data: answer.data,
        pip: find({ packageName: 'pip', importName: 'pip' })[0]?.version ?? null,
        externallyManaged: answer.managed,
        platform: answer.os === 'nt' ? 'windows' : 'posix',
      };
      return { facts, installations: winnerFirst(files, find({ packageName, importName }), answer.place) };
    },
  };
};
