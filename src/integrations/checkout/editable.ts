/** Stages an editable install of the new commit in scratch, made to point at the real clone. Nothing is written in the target. */
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  normaliseName,
  parseDirectUrl,
  parseFinder,
  parseInfoName,
  parseMetadata,
  parsePth,
  parseRecord,
} from '../../domain/distributions.ts';
import { LockstepError } from '../../domain/errors.ts';
import { isInside } from '../../domain/paths.ts';
import type { PythonFacts } from '../../domain/target.ts';
import { exportSource } from '../package/build-wheel.ts';
import { chooseBuilder } from '../package/builder.ts';
import { checkDependencies } from '../package/dependencies.ts';
import { installedCopies } from '../package/installed.ts';
import { networkOf, pipCause, pipTail, runPip } from '../package/pip.ts';
import { isBytecode, type PackagePlace } from '../package/place.ts';
import type { SourceProject } from '../package/source-project.ts';
import {
  destination,
  fromBytes,
  type Stage,
  type StagedDistribution,
  type StagedFile,
  stagedSites,
  writeRecord,
} from '../package/stage.ts';
import type { TargetContext } from '../target-context.ts';

export interface EditableRequest {
  readonly place: PackagePlace;
  readonly python: PythonFacts;
  readonly source: SourceProject;
  /** The package's folder in the real clone, absolute. */
  readonly folder: string;
  /** Top of the clone, absolute. */
  readonly root: string;
}

const failed = (message: string, facts: { hint?: string; details?: readonly string[] } = {}): LockstepError =>
  new LockstepError('package-install-failed', message, facts);

/** Whether an installed copy is editable and leads to a folder, as `direct_url.json` says. */
export const leadsTo = (context: Pick<TargetContext, 'ports'>, distInfo: string, folder: string): boolean => {
  const { files } = context.ports;
  const path = join(distInfo, 'direct_url.json');
  if (files.stat(path)?.kind !== 'file') return false;
  const said = parseDirectUrl(files.readText(path));
  return said?.editable === true && said.path !== null && (files.real(said.path) ?? said.path) === folder;
};

/** Whether the one installed copy is editable and leads to the clone's package folder. */
export const isEditableOf = (context: TargetContext, place: PackagePlace, folder: string): boolean => {
  const [copy, ...more] = installedCopies(context.ports.files, place, context.project.package.name);
  return copy !== undefined && more.length === 0 && leadsTo(context, copy.distInfo, folder);
};

const install = async (context: TargetContext, { python, source }: EditableRequest) => {
  const { ports, signal, project } = context;
  const builder = await chooseBuilder(context, source, [python.executable]);
  const from = await exportSource(context, source);
  const had = new Set(ports.files.walk(from).map(({ path }) => path));
  const dir = ports.files.scratch('stage');
  const offline = builder.isolation === 'none';
  const options = ['--no-deps', '--no-compile', '--ignore-installed', '--no-warn-script-location'];
  const build = offline ? ['--no-index', '--no-build-isolation'] : [];
  const result = await runPip({
    pip: builder.pip,
    args: ['install', ...options, ...build, '--prefix', dir, '-e', from],
    network: offline ? { kind: 'off' } : networkOf(context),
    ports,
    signal,
  });
  if (result.code !== 0) {
    throw failed(`${project.package.name} cannot be installed editable for ${python.executable}: ${pipCause(result)}`, {
      details: pipTail(result),
    });
  }
  const built = ports.files.walk(from).find(({ path }) => !had.has(path) && /\.(?:so|pyd|dylib)$/.test(path));
  if (built !== undefined) {
    throw failed(
      `${project.package.name} compiles code into its own folder (${built.path}), which a staged install cannot bring to the clone`,
      { hint: `install it by hand once: ${python.executable} -m pip install -e <the clone's folder of the package>` },
    );
  }
  return { from, pip: builder.pip, stage: { dir, sites: stagedSites(ports.files, dir) } satisfies Stage };
};

interface Rewrite {
  readonly from: string;
  readonly to: string;
  readonly name: string;
}

/** A staged file's bytes with the scratch folder's path made the clone's. Throws `package-install-failed` where that cannot be done. */
const rewritten = (bytes: Buffer, { from, to, name }: Rewrite): Buffer | undefined => {
  if (!bytes.includes(from)) return undefined;
  if (bytes.includes(0)) throw failed(`${name} is no text and holds the folder it was built in: it cannot be moved`);
  // In a finder's Python text the path is a literal.
  if (/["'\\\r\n]/.test(to))
    throw failed(`${to} holds a quote or a backslash, which an editable install cannot be moved to`);
  return Buffer.from(bytes.toString('utf8').replaceAll(from, to));
};

/** Throws `package-install-failed` for a `.pth` or a finder that leads into the clone, where the commit has nothing. */
const refuseDangling = (name: string, text: string, { root, source }: EditableRequest): void => {
  const leads = name.endsWith('.pth') ? parsePth(text) : name.endsWith('.py') ? [...parseFinder(text).values()] : [];
  for (const lead of leads.filter((one) => isAbsolute(one) && isInside(root, one))) {
    const below = relative(root, lead).split('\\').join('/');
    const there = source.entries.some(
      ({ path }) => below === '' || path === below || path.startsWith(`${below}/`) || path === `${below}.py`,
    );
    if (there) continue;
    throw failed(`${name} of the editable install leads to ${lead}, which main's commit does not hold`, {
      hint: 'use a build backend whose editable installs point at the source itself',
    });
  }
};

const readStaged = (
  context: TargetContext,
  request: EditableRequest,
  { stage, from, distInfo }: { readonly stage: Stage; readonly from: string; readonly distInfo: string },
): StagedDistribution => {
  const { files } = context.ports;
  const { place, folder } = request;
  const site = dirname(distInfo);
  const own = basename(distInfo);
  const record = files.readText(join(distInfo, 'RECORD'));
  const metadata = files.readText(join(distInfo, 'METADATA'));
  const url = { dir_info: { editable: true }, url: pathToFileURL(folder).href };
  const staged: StagedFile[] = [];
  for (const row of parseRecord(record)) {
    const path = resolve(site, row.path);
    if (isBytecode(path) || path === join(distInfo, 'RECORD')) continue;
    const state = files.state(path);
    if (!isInside(stage.dir, path) || state.kind !== 'file') {
      throw failed(`${own} lists ${row.path}, which pip did not stage`);
    }
    const bytes =
      path === join(distInfo, 'direct_url.json')
        ? Buffer.from(JSON.stringify(url))
        : rewritten(files.read(path), { from, to: folder, name: row.path });
    if (dirname(path) === site) refuseDangling(basename(path), (bytes ?? files.read(path)).toString('utf8'), request);
    staged.push({
      absolute: destination(place, stage, path),
      metadata: isInside(distInfo, path),
      ...(bytes === undefined ? { state, content: { from: 'file', path } } : fromBytes(bytes, state.mode)),
    });
  }
  const at = join(place.site, own, 'RECORD');
  const text = writeRecord(place, staged, at, record.includes('\r\n') ? '\r\n' : '\n');
  return {
    name: parseInfoName(own).name,
    version: parseMetadata(metadata)?.version ?? parseInfoName(own).version,
    requires: [...(metadata.split(/\r?\n\r?\n/, 1)[0]?.matchAll(/^Requires-Dist: *(.+?)\r?$/gim) ?? [])].map(
      (found) => found[1] ?? '',
    ),
    files: [
      ...staged,
      { absolute: at, metadata: true, ...fromBytes(text, files.stat(join(distInfo, 'RECORD'))?.mode ?? 0o644) },
    ],
  };
};

/**
 * The editable install of the run's commit. Its Python must have what the package asks for already.
 * Throws `package-build-failed`, `package-install-failed`.
 */
export const stageEditable = async (context: TargetContext, request: EditableRequest) => {
  const { from, pip, stage } = await install(context, request);
  const { name } = context.project.package;
  const infos = stage.sites.flatMap((site) =>
    context.ports.files
      .list(site)
      .filter((entry) => entry.endsWith('.dist-info'))
      .map((entry) => join(site, entry)),
  );
  const staged = infos.map((distInfo) => readStaged(context, request, { stage, from, distInfo }));
  const [one, ...others] = staged;
  if (one === undefined || others.length > 0 || normaliseName(one.name) !== normaliseName(name)) {
    const what = staged.map((distribution) => distribution.name).join(', ') || 'nothing';
    throw failed(`the package's folder installs ${what}, but the project's name is ${name}`, {
      hint: 'set project.name in sync.config.yaml to it, or project.package to the right folder',
    });
  }
  const { missing, warnings } = await checkDependencies(context, {
    pip,
    python: request.python,
    wheel: { name, version: one.version, path: from },
    requires: one.requires,
    asked: one.requires,
  });
  if (missing.length > 0) {
    const lacking = missing.map((pin) => `${pin.name}==${pin.version}`).join(' ');
    throw failed(`${name} ${one.version} needs ${lacking}, which ${request.python.executable} does not have`, {
      hint: `install it there: ${request.python.executable} -m pip install ${lacking}`,
    });
  }
  return { staged: one, warnings };
};
