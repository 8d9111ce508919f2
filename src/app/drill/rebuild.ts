/** Rebuilds the package of a backup in a fresh virtual environment, without an index and without installing, and looks whether it works there. */
import { join, relative } from 'node:path';
import type { CheckContext, CheckResult } from '../../checks/check.ts';
import { importCheck } from '../../checks/import.ts';
import { packageRecord } from '../../checks/package-record.ts';
import { pipCheck } from '../../checks/pip-check.ts';
import type { BackupManifest } from '../../domain/backup.ts';
import type { DrillPart } from '../../domain/drill.ts';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { isInside, type Roots } from '../../domain/paths.ts';
import type { Decision } from '../../domain/receipt.ts';
import type { PythonFacts } from '../../domain/target.ts';
import { installedList } from '../../integrations/package/installed.ts';
import { packagePlace } from '../../integrations/package/place.ts';
import type { FilesContext } from '../../integrations/target-context.ts';
import { sha256 } from '../../store/main-tree.ts';
import type { MainProject } from '../main-project.ts';
import { freshPlace, movedPackage } from './fresh-place.ts';
import { restoreInScratch } from './in-scratch.ts';

export interface Rebuild {
  /** Of the target as it stands: only its Python is used, and what it has installed beside the package. */
  readonly context: FilesContext;
  readonly manifest: BackupManifest;
  readonly scratch: string;
  /** Where the whole backup was brought back to. */
  readonly restored: Roots;
  readonly run: string;
}

type Said = Pick<DrillPart, 'outcome' | 'cause' | 'details'>;

const couldNotRun = (cause: string, details: readonly string[] = []): Said => ({
  outcome: 'could-not-run',
  cause,
  details,
});

const minutes = 60_000;

/** Its interpreter, or why there is none. */
const makeVenv = async (
  { context, scratch }: Rebuild,
  python: PythonFacts,
): Promise<{ readonly dir: string; readonly executable: string } | Said> => {
  const { ports, signal } = context;
  const dir = join(scratch, 'venv');
  const ran = await ports.processes.run({
    argv: [python.executable, '-m', 'venv', '--without-pip', dir],
    cwd: scratch,
    timeout: 2 * minutes,
    signal,
    as: 'python',
  });
  signal.throwIfAborted();
  if (ran.code !== 0) {
    const lines = ran.stderr.split(/\r?\n/).filter((line) => line.trim() !== '');
    return couldNotRun(`${python.executable} cannot make a virtual environment`, lines.slice(-5));
  }
  const executable = python.platform === 'windows' ? join(dir, 'Scripts', 'python.exe') : join(dir, 'bin', 'python');
  return { dir: ports.files.real(dir) ?? dir, executable };
};

/** An editable install names its clone by an absolute path; here, it is the one that the backup was brought back to. */
const pointToScratch = (
  { context, scratch, restored }: Rebuild,
  site: string,
): readonly Pick<Decision, 'path' | 'owner'>[] => {
  const { ports, layout } = context;
  if (layout.checkout === null || restored.checkout === undefined) return [];
  const tree = ports.openTree({ roots: [scratch] });
  return ports.files
    .list(site)
    .filter((name) => /\.pth$|^__editable__.*\.py$/.test(name))
    .flatMap((name) => {
      const path = join(site, name);
      const text = ports.files.readText(path);
      const now = text.replaceAll(layout.checkout ?? '', restored.checkout ?? '');
      if (now === text) return [];
      tree.write(path, Buffer.from(now), 0o644);
      return [{ path, owner: sha256(Buffer.from(now)) }];
    });
};

/** What the backup does not hold, such as dependencies that no sync touched, is taken from the target: behind all of its own. */
const lendOthers = ({ context, scratch }: Rebuild, site: string): void => {
  const live = context.layout.site;
  if (live === null || context.ports.files.stat(live) === undefined) return;
  const tree = context.ports.openTree({ roots: [scratch] });
  tree.write(join(site, 'zz-others.pth'), Buffer.from(`${live}\n`), 0o644);
};

/** Distributions that are there in another version than the backup's list says. */
const otherVersions = ({ context, manifest }: Rebuild, site: string): readonly string[] => {
  const then = new Map((manifest.installed ?? []).map(({ name, version }) => [name, version]));
  return installedList(context.ports.files, site).flatMap(({ name, version }) => {
    const was = then.get(name);
    return manifest.installed === undefined || was === version
      ? []
      : [`${name} ${version} was rebuilt, the backup's list has ${was ?? 'none'}`];
  });
};

const run = async (
  work: (context: CheckContext, options: Readonly<Record<string, unknown>>) => Promise<CheckResult>,
  context: CheckContext,
): Promise<CheckResult> => {
  try {
    return await work(context, {});
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    return { outcome: 'could-not-run', cause: messageOf(error), details: error.details };
  }
};

/** Throws `interrupted`, `backup-damaged`, `disk`, and what trust throws. */
export const rebuildPackage = async (main: MainProject, request: Rebuild): Promise<Said> => {
  const { context, manifest, scratch, restored } = request;
  const { layout, ports, project } = context;
  const held = manifest.entries.filter(({ component, state }) => component === 'package' && state.kind !== 'absent');
  const nothing = (cause: string): Said => ({ outcome: 'nothing', cause, details: [] });
  if (layout.linkedToMain) return nothing('the package is linked to the main project: no backup holds it');
  if (held.length === 0) return nothing('the backup holds no package');
  const place = packagePlace({ layout, ports });
  if (layout.python === null || layout.pythonCause !== null || place === undefined) {
    return couldNotRun(`the package cannot be rebuilt: ${layout.pythonCause ?? 'no Python was found in the target'}`);
  }
  const venv = await makeVenv(request, layout.python);
  if ('outcome' in venv) return venv;
  const { facts } = await ports.python.inspect(venv.executable, project.package.name, project.package.import);
  const fresh = freshPlace(place, venv.dir, facts);
  const moved = movedPackage(manifest, layout.roots, fresh);
  const wrong = await restoreInScratch(main, {
    manifest: moved.manifest,
    scratch,
    roots: fresh.roots,
    run: request.run,
    others: 'expected',
  });
  if (wrong.length > 0) {
    return { outcome: 'failed', cause: 'the package did not come back whole in a fresh environment', details: wrong };
  }
  const site = ports.files.real(facts.purelib) ?? facts.purelib;
  const pointed = pointToScratch(request, site).map(
    ({ path, owner }): Decision => ({
      path: relative(venv.dir, path).split('\\').join('/'),
      owner,
      choice: 'kept',
      cause: 'leads to where the clone was brought back',
      main: '',
    }),
  );
  lendOthers(request, site);
  const { installations } = await ports.python.inspect(venv.executable, project.package.name, project.package.import);
  const inClone =
    layout.packageDir !== null && layout.checkout !== null && isInside(layout.checkout, layout.packageDir);
  const packageDir =
    layout.packageDir === null
      ? null
      : inClone
        ? join(restored.checkout ?? '', relative(layout.checkout ?? '', layout.packageDir))
        : (fresh.of(layout.packageDir) ?? null);
  const receipt = moved.receipt && { ...moved.receipt, decisions: [...moved.receipt.decisions, ...pointed] };
  const there: CheckContext = {
    ...context,
    receipt,
    layout: {
      roots: fresh.roots,
      type: layout.type,
      python: { ...facts, pip: layout.python.pip },
      pythonCause: null,
      site,
      installations,
      packageDir,
      checkout: null,
      linkedToMain: false,
    },
  };
  const kinds = [packageRecord, importCheck, ...(layout.python.pip === null ? [] : [pipCheck])];
  const results: CheckResult[] = [];
  for (const kind of kinds) results.push(await run(kind.run, there));
  const versions = otherVersions(request, site);
  const bad =
    results.find(({ outcome }) => outcome === 'failed') ?? results.find(({ outcome }) => outcome !== 'passed');
  if (bad !== undefined) {
    const cause = `rebuilt in a fresh environment: ${bad.cause}`;
    return { outcome: bad.outcome, cause, details: [...(bad.details ?? []), ...versions] };
  }
  if (versions.length > 0) {
    return { outcome: 'failed', cause: 'the package was rebuilt in another version', details: versions };
  }
  const unasked = layout.python.pip === null ? '; its requirements were not checked, there is no pip' : '';
  return {
    outcome: 'passed',
    cause: `${project.package.name} rebuilt in a fresh environment and imported${unasked}`,
    details: results.map(({ cause }) => cause),
  };
};
