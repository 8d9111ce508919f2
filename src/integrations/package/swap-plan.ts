/** Turns what is staged and what is installed into the exact file actions of a package swap. */
import { dirname, relative, sep } from 'node:path';
import { normaliseName } from '../../domain/distributions.ts';
import { LockstepError } from '../../domain/errors.ts';
import { absent, type FileState, sameContent } from '../../domain/file-state.ts';
import { comparePackage, type PackageEntry, type PackageVerdict } from '../../domain/package-compare.ts';
import { isInside } from '../../domain/paths.ts';
import type { Action, FileAction, NoteAction, StepPlan } from '../../domain/plan.ts';
import type { ConflictPolicy } from '../../domain/project.ts';
import type { ReceiptComponent, ReceiptFile, ReceiptPackage } from '../../domain/receipt.ts';
import type { TargetContext } from '../target-context.ts';
import { cleanUpActions } from './bytecode.ts';
import { cameAlong } from './came-along.ts';
import { type InstalledFile, installedCopies } from './installed.ts';
import { type PackagePlace, refuseLinkedFolder } from './place.ts';
import type { StagedDistribution, StagedFile } from './stage.ts';

export interface SwapRequest {
  readonly place: PackagePlace;
  readonly staged: readonly StagedDistribution[];
  readonly policy: ConflictPolicy;
  /** What the receipt will say of the package. */
  readonly facts: ReceiptPackage;
  /** Says what is swapped in, and where it comes from. */
  readonly notes: readonly NoteAction[];
  readonly warnings: readonly string[];
}

interface Judged {
  readonly absolute: string;
  readonly staged: StagedFile | undefined;
  readonly verdict: PackageVerdict;
}

/** Bytes with LF line endings, for comparing copies that went through another system. */
const unixText = (bytes: Buffer): string => bytes.toString('latin1').replaceAll('\r\n', '\n');

/**
 * Whether a file that no RECORD lists is an untouched copy of some version of it in main: copied in by hand, or left
 * by an installation that was cut off.
 */
const wasMains = async (context: TargetContext, below: string, absolute: string): Promise<boolean> => {
  const { main, project, ports } = context;
  if (project.package.path === null) return false;
  const sources = (await main.under(project.package.path)).filter(({ path }) => `/${path}`.endsWith(`/${below}`));
  if (sources.length === 0) return false;
  const here = unixText(ports.files.read(absolute));
  for (const blobs of (await main.history(sources.map(({ path }) => path))).values()) {
    try {
      for (const bytes of (await main.read(blobs)).values()) if (unixText(bytes) === here) return true;
    } catch (error) {
      // A version whose bytes are not in this clone proves nothing: the file counts as edited.
      if (!(error instanceof LockstepError && error.code === 'object-missing')) throw error;
    }
  }
  return false;
};

const installedFiles = (context: TargetContext, { place, staged }: SwapRequest): Map<string, InstalledFile[]> => {
  const found = new Map<string, InstalledFile[]>();
  for (const name of new Set(staged.map((distribution) => normaliseName(distribution.name)))) {
    for (const file of installedCopies(context.ports.files, place, name).flatMap((copy) => copy.files)) {
      found.set(file.absolute, [...(found.get(file.absolute) ?? []), file]);
    }
  }
  return found;
};

const entryOf = async (
  context: TargetContext,
  place: PackagePlace,
  file: {
    readonly absolute: string;
    readonly installed: readonly InstalledFile[];
    readonly staged: StagedFile | undefined;
  },
): Promise<PackageEntry> => {
  const { absolute, installed, staged } = file;
  const path = place.rooted(absolute);
  const ours = context.ports.files.state(absolute);
  const bases = installed.flatMap(({ base }) => base ?? []);
  const receipted = context.receipt?.components.package?.files[path]?.sha256;
  const known = [...bases, ...(receipted === undefined ? [] : [receipted])];
  const metadata = staged?.metadata === true || installed.some((one) => one.metadata);
  const unexplained =
    ours.kind === 'file' && staged !== undefined && !metadata && bases.length === 0 && !sameContent(ours, staged.state);
  if (unexplained && isInside(place.site, absolute)) {
    const below = relative(place.site, absolute).split(sep).join('/');
    if (await wasMains(context, below, absolute)) known.push(ours.sha256);
  }
  return { path, base: bases[0] ?? null, known, ours, theirs: staged?.state ?? null, metadata };
};

const judgeAll = async (context: TargetContext, request: SwapRequest): Promise<readonly Judged[]> => {
  const installed = installedFiles(context, request);
  const staged = new Map(request.staged.flatMap(({ files }) => files.map((file) => [file.absolute, file] as const)));
  const paths = [...new Set([...installed.keys(), ...staged.keys()])].sort();
  const entries: PackageEntry[] = [];
  for (const absolute of paths) {
    const file = { absolute, installed: installed.get(absolute) ?? [], staged: staged.get(absolute) };
    entries.push(await entryOf(context, request.place, file));
  }
  const verdicts = comparePackage(entries, {
    policy: request.policy,
    decisions: context.receipt?.decisions ?? [],
  });
  return paths.flatMap((absolute, index) => {
    const verdict = verdicts[index];
    return verdict === undefined ? [] : [{ absolute, staged: staged.get(absolute), verdict }];
  });
};

const actionOf = ({ verdict, staged }: Judged): FileAction => {
  const after: FileState = verdict.kind === 'remove' ? absent : (staged?.state ?? absent);
  const { path, ours } = verdict.entry;
  return { kind: 'file', component: 'package', path, before: ours, after, cause: verdict.cause };
};

const componentOf = (context: TargetContext, request: SwapRequest, judged: readonly Judged[]): ReceiptComponent => {
  const { ports, receipt, run } = context;
  const judgedPaths = new Set(judged.map(({ verdict }) => verdict.entry.path));
  const earlier = receipt?.components.package;
  const files: Record<string, ReceiptFile> = { ...cameAlong(context, (path) => judgedPaths.has(path)) };
  const dirs = new Set(earlier?.dirs ?? []);
  for (const { absolute, staged, verdict } of judged) {
    const { path, base, ours } = verdict.entry;
    // A file that stood there before the package and stays is not Lockstep's to remove later.
    if (staged === undefined || (verdict.kind === 'keep' && base === null)) continue;
    // The next RECORD lists it all the same: only what an earlier receipt claimed is claimed on.
    if (verdict.kind === 'keep' && earlier !== undefined && earlier.files[path] === undefined) continue;
    const mode = verdict.kind === 'same' && ours.kind === 'file' ? ours.mode : staged.state.mode;
    files[path] = { sha256: staged.state.sha256, mode };
    for (let dir = dirname(absolute); ports.files.stat(dir) === undefined; dir = dirname(dir)) {
      dirs.add(request.place.rooted(dir));
    }
  }
  const needed = (dir: string): boolean => Object.keys(files).some((path) => path.startsWith(`${dir}/`));
  return { commit: run.commit, files, dirs: [...dirs].filter(needed).sort(), package: request.facts };
};

const tell = ({ verdict }: Judged): string =>
  `${verdict.entry.path}: ${verdict.cause}; ${verdict.kind === 'keep' ? 'kept as it is' : "replaced, the owner's version is in the backup"}`;

/** The actions, decisions and receipt entry of one swap; `actions` is empty when the target has these very files already. */
export const planSwap = async (
  context: TargetContext,
  request: SwapRequest,
): Promise<Pick<StepPlan, 'actions' | 'patch' | 'warnings' | 'facts'>> => {
  const { ports, provide } = context;
  const { place } = request;
  const judged = await judgeAll(context, request);
  const of = (...kinds: readonly PackageVerdict['kind'][]) =>
    judged.filter(({ verdict }) => kinds.includes(verdict.kind));
  const [added, changed, removed, kept] = [of('add'), of('replace'), of('remove'), of('keep')];
  for (const { absolute, staged } of [...added, ...changed]) {
    refuseLinkedFolder(ports, absolute);
    if (staged !== undefined) provide(staged.state.sha256, staged.content);
  }
  for (const { absolute } of removed) refuseLinkedFolder(ports, absolute);
  const paths = (list: readonly Judged[]): string[] => list.map(({ absolute }) => absolute);
  const files: FileAction[] = [
    ...of('add', 'replace').map(actionOf),
    ...removed.map(actionOf),
    ...cleanUpActions(ports.files, place, { changed: paths(changed), removed: paths(removed), added: paths(added) }),
  ];
  const keptNotes = kept.map((one): Action => ({ kind: 'note', sign: '=', text: tell(one) }));
  return {
    actions: files.length === 0 ? [] : [...request.notes, ...files, ...keptNotes],
    patch: {
      components: { package: componentOf(context, request, judged) },
      decisions: judged.flatMap(({ verdict }) => verdict.decision ?? []),
    },
    warnings: [...request.warnings, ...judged.filter(({ verdict }) => verdict.news).map(tell)],
    facts: { distributions: request.staged.map(({ name }) => normaliseName(name)) },
  };
};
