/** Runs pip so that it writes only in scratch folders and asks an index only where the project allows it. */
import { LockstepError } from '../../domain/errors.ts';
import { maskText } from '../../domain/mask-text.ts';
import { isAtLeast } from '../../domain/python-versions.ts';
import { defaultSecrets } from '../../domain/secrets.ts';
import type { Ports, ProcessResult } from '../../ports.ts';
import type { TargetContext } from '../target-context.ts';

/** pip for one interpreter: its own, or another's that is told to work on it. */
export interface Pip {
  readonly argv: readonly [string, ...string[]];
  /** Version of the pip that runs. */
  readonly version: string;
}

export type Network =
  | { readonly kind: 'off' }
  /** `index` null: pip's own configuration says which. */
  | { readonly kind: 'on'; readonly index: string | null };

export interface PipRequest {
  readonly pip: Pip;
  readonly args: readonly string[];
  readonly network: Network;
  readonly ports: Pick<Ports, 'files' | 'processes'>;
  readonly signal: AbortSignal;
}

/** Ten minutes: a step's own timeout is shorter; this only ends what hangs for ever. */
const patience = 600_000;

/** Zip cannot tell of a time before 1980: with this, two builds of one source have the same bytes. */
const epoch = '315532800';

/** What may be asked for dependencies and build requirements of a project. */
export const networkOf = ({ project }: Pick<TargetContext, 'project'>): Network =>
  project.package.network ? { kind: 'on', index: project.package.index } : { kind: 'off' };

const environment = (network: Network): Record<string, string> => {
  const base = { SOURCE_DATE_EPOCH: epoch, PIP_NO_INPUT: '1' };
  if (network.kind === 'off') return { ...base, PIP_NO_CACHE_DIR: '1', PIP_NO_INDEX: '1' };
  // In the environment, not in the arguments: an index URL may hold a password, and anybody can list arguments.
  if (network.index !== null) return { ...base, PIP_INDEX_URL: network.index };
  // Empty instead of the null device: pip then reads the configuration of the machine and the user.
  return { ...base, PIP_CONFIG_FILE: '' };
};

/** As POSIX and Windows name it. */
const temporary = (dir: string): Readonly<Record<string, string>> => ({ TMPDIR: dir, TEMP: dir, TMP: dir });

/** Runs pip in an empty folder (`-m` puts the working folder on its path). Throws `process-timeout`; any exit code is returned. */
export const runPip = async ({ pip, args, network, ports, signal }: PipRequest): Promise<ProcessResult> => {
  const result = await ports.processes.run({
    argv: [...pip.argv, ...args],
    cwd: ports.files.scratch('pip'),
    // What it makes in passing goes with ours when it is ended: asked to end, pip leaves its own behind.
    env: { ...environment(network), ...temporary(ports.files.scratch('pip-tmp')) },
    timeout: patience,
    signal,
    as: 'pip',
  });
  signal.throwIfAborted();
  if (result.timedOut) {
    throw new LockstepError('process-timeout', `pip ${args[0] ?? ''} took longer than ${patience / 60_000} minutes`);
  }
  return result;
};

/** A URL, or text with URLs in it, without user names and passwords. */
export const withoutCredentials = (text: string): string => text.replace(/(\w+:\/\/)[^/\s@]+@/g, '$1****@');

const causes: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [/invalid command 'bdist_wheel'/, () => 'setuptools there cannot build wheels: it needs setuptools 70.1, or wheel'],
  [/No matching distribution found for ([^\n(]+)/, (found) => `${found[1]?.trim()} cannot be found`],
  [/Package '[^']+' requires a different Python: ([^\n]+)/, (found) => `it needs another Python: ${found[1]}`],
  [/is not a supported wheel on this platform/, () => 'the wheel is for another platform or Python'],
  [/THESE PACKAGES DO NOT MATCH THE HASHES/, () => 'what the index sent is not what it promised: the sha256 differs'],
  [/No space left on device/, () => 'no space is left on the device'],
  [/NewConnectionError|Temporary failure in name resolution|Connection refused/, () => 'the index cannot be reached'],
  [/(?:ModuleNotFoundError|ImportError): ([^\n]+)/, (found) => String(found[1])],
  [/BackendUnavailable:? ?([^\n]*)/, (found) => `the build backend cannot be loaded ${found[1] ?? ''}`.trim()],
];

/** What builds and pip itself print is masked by the usual names at least; who tells of a run knows the project's own. */
const output = (result: ProcessResult): string =>
  maskText(`${result.stdout.toString('utf8')}\n${result.stderr}`, defaultSecrets);

/** What made pip fail, in a few words. */
export const pipCause = (result: ProcessResult): string => {
  const text = output(result);
  for (const [pattern, say] of causes) {
    const found = pattern.exec(text);
    if (found !== null) return say(found);
  }
  // A traceback ends with what went wrong; pip's own lines come after it.
  const raised = [...text.matchAll(/^\s*(?:\w+\.)*(\w+(?:Error|Exception): .+)$/gm)].at(-1)?.[1];
  const said = raised ?? [...text.matchAll(/^ *(?:ERROR|error): (.+)$/gm)].at(-1)?.[1];
  if (said !== undefined) return said.trim();
  return result.signal === null ? `pip ended with exit code ${result.code}` : `pip was ended by ${result.signal}`;
};

/** The last lines that pip wrote, without what it says in every run. */
export const pipTail = (result: ProcessResult): readonly string[] =>
  output(result)
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !/^\[notice\]/.test(line))
    .slice(-15);

/** The first pip that knows `--dry-run --report`. */
export const canReport = (pip: Pip): boolean => isAtLeast(pip.version, '22.2');

/** One distribution that pip would install. */
export interface ReportedInstall {
  readonly name: string;
  readonly version: string;
  readonly url: string;
  /** null where neither the index nor a download told it. */
  readonly sha256: string | null;
  readonly direct: boolean;
}

interface RawReport {
  readonly install?: readonly {
    readonly metadata?: { readonly name?: string; readonly version?: string };
    readonly is_direct?: boolean;
    readonly download_info?: {
      readonly url?: string;
      readonly archive_info?: { readonly hash?: string; readonly hashes?: { readonly sha256?: string } };
    };
  }[];
}

/** Reads pip's installation report, format 1. Throws `package-install-failed` for anything else. */
export const parseReport = (result: ProcessResult): readonly ReportedInstall[] => {
  let report: RawReport;
  try {
    report = JSON.parse(result.stdout.toString('utf8')) as RawReport;
  } catch (cause) {
    throw new LockstepError('package-install-failed', 'the report of pip cannot be read', {
      details: pipTail(result),
      cause,
    });
  }
  return (report.install ?? []).map(({ metadata, is_direct, download_info }) => ({
    name: metadata?.name ?? '',
    version: metadata?.version ?? '',
    url: download_info?.url ?? '',
    sha256:
      download_info?.archive_info?.hashes?.sha256 ??
      /^sha256=([0-9a-f]{64})$/.exec(download_info?.archive_info?.hash ?? '')?.[1] ??
      null,
    direct: is_direct === true,
  }));
};
