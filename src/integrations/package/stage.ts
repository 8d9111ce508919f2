/** Installs wheels into a staging prefix in scratch, and says where in the target each staged file belongs. */
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { normaliseName, parseInfoName, parseMetadata, parseRecord } from '../../domain/distributions.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { FileState } from '../../domain/file-state.ts';
import { isInside } from '../../domain/paths.ts';
import type { Content } from '../../domain/plan.ts';
import type { Files } from '../../ports.ts';
import { sha256 } from '../../store/main-tree.ts';
import type { StoredWheel } from '../../store/wheels.ts';
import type { TargetContext } from '../target-context.ts';
import { type Pip, pipCause, pipTail, runPip } from './pip.ts';
import { isBytecode, type PackagePlace } from './place.ts';

export interface StagedFile {
  /** Where it goes in the target. */
  readonly absolute: string;
  readonly state: Extract<FileState, { readonly kind: 'file' }>;
  readonly content: Content;
  readonly metadata: boolean;
}

export interface StagedDistribution {
  readonly name: string;
  readonly version: string;
  /** `Requires-Dist` lines of its metadata. */
  readonly requires: readonly string[];
  readonly files: readonly StagedFile[];
}

export interface StageRequest {
  readonly pip: Pip;
  readonly place: PackagePlace;
  /** `index`: chosen by name, so that no `direct_url.json` belongs there (PEP 610). */
  readonly wheels: readonly { readonly wheel: StoredWheel; readonly from: 'local' | 'index' }[];
}

type StageContext = Pick<TargetContext, 'ports' | 'project' | 'signal' | 'layout'>;

export interface Stage {
  readonly dir: string;
  /** Staged site-packages folders: one, or one each for pure and compiled code. */
  readonly sites: readonly string[];
}

/** The outermost site-packages folders of a staging prefix. */
export const stagedSites = (files: Files, dir: string): readonly string[] => {
  const sites = files
    .walk(dir)
    .filter(({ path, stat }) => stat.kind === 'dir' && /(?:^|\/)(?:site|dist)-packages$/.test(path))
    .map(({ path }) => join(dir, path));
  return sites.filter((site) => !sites.some((outer) => outer !== site && isInside(outer, site)));
};

const install = async (context: StageContext, { pip, wheels }: StageRequest): Promise<Stage> => {
  const { ports, project, signal, layout } = context;
  const dir = ports.files.scratch('stage');
  const options = ['--no-index', '--no-deps', '--no-compile', '--ignore-installed', '--no-warn-script-location'];
  const result = await runPip({
    pip,
    args: ['install', ...options, '--prefix', dir, ...wheels.map(({ wheel }) => wheel.path)],
    network: { kind: 'off' },
    ports,
    signal,
  });
  if (result.code !== 0) {
    throw new LockstepError(
      'package-install-failed',
      `${project.package.name} cannot be installed for ${layout.python?.executable}: ${pipCause(result)}`,
      { details: pipTail(result) },
    );
  }
  return { dir, sites: stagedSites(ports.files, dir) };
};

/** The target's own place for a staged path: a staging prefix has the layout of the Python that installed, not always the target's. */
export const destination = (place: PackagePlace, { dir, sites }: Stage, staged: string): string => {
  const site = sites.find((one) => isInside(one, staged));
  if (site !== undefined) return join(place.site, relative(site, staged));
  // Debian's own Python puts a level `local` between.
  const below = relative(dir, staged)
    .split(sep)
    .join('/')
    .replace(/^local\//, '');
  const script = /^(?:bin|Scripts)\/(.+)$/.exec(below)?.[1];
  if (script !== undefined && place.scripts !== null) return join(place.scripts, script);
  if (place.prefix === null)
    throw new LockstepError('package-install-failed', `there is no place for ${below} in the target`);
  return join(place.prefix, below);
};

/** A staged file that is made here. */
export const fromBytes = (bytes: Uint8Array, mode: number): Pick<StagedFile, 'state' | 'content'> => ({
  state: { kind: 'file', sha256: sha256(bytes), mode, size: bytes.length },
  content: { from: 'bytes', bytes },
});

/** What `direct_url.json` says of a wheel in the store: the same text in a dry run and in a real one. */
const directUrl = ({ recordedPath, sha256: digest }: StoredWheel): Buffer =>
  Buffer.from(
    JSON.stringify({
      archive_info: { hash: `sha256=${digest}`, hashes: { sha256: digest } },
      url: pathToFileURL(recordedPath).href,
    }),
  );

const quoted = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

/** RECORD as pip writes it: sorted rows, paths relative to site-packages where they lie below or beside it. */
export const writeRecord = (place: PackagePlace, files: readonly StagedFile[], record: string, end: string): Buffer => {
  const path = (absolute: string): string => quoted(relative(place.site, absolute).split(sep).join('/'));
  const rows = files.map(({ absolute, state }) => {
    const digest = Buffer.from(state.sha256, 'hex').toString('base64url');
    return `${path(absolute)},sha256=${digest},${state.size}`;
  });
  return Buffer.from(
    [...rows, `${path(record)},,`]
      .sort()
      .map((row) => row + end)
      .join(''),
  );
};

const readDistribution = (
  context: StageContext,
  request: StageRequest,
  stage: Stage,
  distInfo: string,
): StagedDistribution => {
  const { files } = context.ports;
  const { place, wheels } = request;
  const site = dirname(distInfo);
  const folder = basename(distInfo);
  const name = parseInfoName(folder).name;
  const source = wheels.find(({ wheel }) => normaliseName(wheel.name) === normaliseName(name));
  if (source === undefined)
    throw new LockstepError('package-install-failed', `pip staged ${folder}, which nobody asked for`);
  const metadata = files.readText(join(distInfo, 'METADATA'));
  const record = files.readText(join(distInfo, 'RECORD'));
  const staged: StagedFile[] = [];
  for (const row of parseRecord(record)) {
    const from = resolve(site, row.path);
    if (isBytecode(from) || from === join(distInfo, 'RECORD')) continue;
    const isDirectUrl = from === join(distInfo, 'direct_url.json');
    if (isDirectUrl && source.from === 'index') continue;
    const state = files.state(from);
    if (!isInside(stage.dir, from) || state.kind !== 'file') {
      throw new LockstepError('package-install-failed', `${folder} lists ${row.path}, which pip did not stage`);
    }
    const what = isDirectUrl
      ? fromBytes(directUrl(source.wheel), state.mode)
      : ({ state, content: { from: 'file', path: from } } as const);
    staged.push({ absolute: destination(place, stage, from), metadata: isInside(distInfo, from), ...what });
  }
  const at = join(place.site, folder, 'RECORD');
  const text = writeRecord(place, staged, at, record.includes('\r\n') ? '\r\n' : '\n');
  const mode = files.stat(join(distInfo, 'RECORD'))?.mode ?? 0o644;
  return {
    name,
    version: parseMetadata(metadata)?.version ?? source.wheel.version,
    requires: [...(metadata.split(/\r?\n\r?\n/, 1)[0]?.matchAll(/^Requires-Dist: *(.+?)\r?$/gim) ?? [])].map(
      (found) => found[1] ?? '',
    ),
    files: [...staged, { absolute: at, metadata: true, ...fromBytes(text, mode) }],
  };
};

/**
 * Stages wheels for a target's Python. Nothing is written in the target; the same wheels give the same bytes each time.
 * Throws `package-install-failed`.
 */
export const stageWheels = async (
  context: StageContext,
  request: StageRequest,
): Promise<readonly StagedDistribution[]> => {
  const stage = await install(context, request);
  const { files } = context.ports;
  const infos = stage.sites.flatMap((site) =>
    files
      .list(site)
      .filter((entry) => entry.endsWith('.dist-info'))
      .map((entry) => join(site, entry)),
  );
  return infos.map((distInfo) => readDistribution(context, request, stage, distInfo));
};
