/** Compares file components of one target with main and the receipt. Reads only. */
import type { ResolvedComponent } from '../domain/components.ts';
import { LockstepError } from '../domain/errors.ts';
import {
  type CompareRequest,
  compareFiles,
  type DesiredFile,
  type FileVerdict,
  needHistory,
  stateOfRecord,
} from '../domain/file-compare.ts';
import { sameContent } from '../domain/file-state.ts';
import type { RootedPath } from '../domain/paths.ts';
import type { ConflictPolicy } from '../domain/project.ts';
import type { Decision, Receipt, ReceiptFile } from '../domain/receipt.ts';
import { untouchedCopies } from '../store/main-history.ts';
import { unprovenClaims } from './claimed-files.ts';
import { desiredFiles } from './component-files.ts';
import { misnamedClaims } from './misnamed-sources.ts';
import { type Standing, standingOf } from './standing.ts';
import type { TargetContext } from './target-context.ts';

export interface ComparedComponent {
  readonly component: ResolvedComponent;
  readonly verdicts: readonly FileVerdict[];
}

export interface Comparison {
  readonly compared: readonly ComparedComponent[];
  readonly standing: Standing;
}

const ownNames = new Set(['package', 'config']);

/** Receipt entries of all file components: a file may have moved from one component to another. */
const basesOf = (receipt: Receipt | undefined): ReadonlyMap<string, ReadonlyMap<RootedPath, ReceiptFile>> =>
  new Map(
    Object.entries(receipt?.components ?? {})
      .filter(([name]) => !ownNames.has(name))
      .map(([name, component]) => [name, new Map(Object.entries(component.files))]),
  );

const baseFor = (
  component: ResolvedComponent,
  bases: ReadonlyMap<string, ReadonlyMap<RootedPath, ReceiptFile>>,
  claimed: ReadonlySet<RootedPath>,
): ReadonlyMap<RootedPath, ReceiptFile> => {
  const base = new Map<RootedPath, ReceiptFile>();
  for (const [path, file] of bases.get(component.name) ?? []) {
    // What another component wants now is that component's to judge.
    if (component.files.has(path) || !claimed.has(path)) base.set(path, file);
  }
  for (const path of component.files.keys()) {
    if (base.has(path)) continue;
    for (const files of bases.values()) {
      const file = files.get(path);
      if (file !== undefined) base.set(path, file);
    }
  }
  return base;
};

const fileDecisions = (receipt: Receipt | undefined): ReadonlyMap<RootedPath, Decision> =>
  new Map(
    (receipt?.decisions ?? [])
      .filter((decision) => decision.key === undefined)
      .map((decision) => [decision.path, decision]),
  );

/** The target as it will be once files that main took away have made room: a file that becomes a folder, a folder that becomes a file. */
const withRoom = (
  standing: Standing,
  request: Pick<CompareRequest, 'base' | 'desired' | 'unproven' | 'misnamed'>,
  ownFolders: ReadonlySet<RootedPath>,
): Pick<CompareRequest, 'actual' | 'blocked'> => {
  const { base, desired, unproven, misnamed } = request;
  const leaves = (path: RootedPath): boolean => {
    const record = base.get(path);
    if (record === undefined || desired.has(path) || unproven(path) || misnamed(path)) return false;
    return sameContent(standing.at(path), stateOfRecord(record));
  };
  const empties = (folder: RootedPath): boolean =>
    ownFolders.has(folder) &&
    standing.list(folder).every((name) => {
      const path = `${folder}/${name}`;
      return standing.at(path).kind === 'dir' ? empties(path) : leaves(path);
    });
  return {
    blocked: (path) => {
      const blocker = standing.blocker(path);
      return blocker === undefined || leaves(blocker) ? undefined : blocker;
    },
    actual: (path) => {
      const state = standing.at(path);
      return state.kind === 'dir' && desired.has(path) && empties(path) ? { kind: 'absent' } : state;
    },
  };
};

export interface ComparisonRequest {
  readonly context: Pick<TargetContext, 'project' | 'layout' | 'main' | 'ports' | 'receipt' | 'fill'>;
  /** Every component of the target. */
  readonly all: readonly ResolvedComponent[];
  /** Names of those to compare. */
  readonly names: ReadonlySet<string>;
  readonly complete: boolean;
}

const refuseClash = (verdicts: readonly FileVerdict[]): void => {
  const refused = verdicts.filter((verdict) => verdict.verdict === 'refused');
  if (refused.length === 0) return;
  const many = refused.length === 1 ? 'file differs' : 'files differ';
  throw new LockstepError(
    'conflict-refused',
    `${refused.length} ${many} from what Lockstep wrote, and the policy for conflicts is fail`,
    {
      details: refused.map((verdict) => `${verdict.path}: ${verdict.cause}`),
      hint: 'settle them by hand, or let the component keep or replace such files',
    },
  );
};

/**
 * Verdicts for the named components. History is asked only for files that were never synced and differ.
 * Throws `conflict-refused` with every path, `object-missing`, `path-refused`.
 */
export const compareComponents = async ({ context, all, names, complete }: ComparisonRequest): Promise<Comparison> => {
  const { project, main, receipt } = context;
  const standing = standingOf(context);
  const chosen = all.filter((component) => names.has(component.name));
  const everything = await desiredFiles(main, chosen, receipt);
  const bases = basesOf(receipt);
  const claimed = new Set(all.flatMap((component) => [...component.files.keys()]));
  const decisions = fileDecisions(receipt);
  const ownFolders = new Set(Object.values(receipt?.components ?? {}).flatMap((component) => component.dirs));
  const policies = new Map<string, ConflictPolicy>(project.components.map((spec) => [spec.name, spec.onConflict]));
  const requestFor = async (component: ResolvedComponent) => {
    const desired = new Map(
      [...component.files.keys()].flatMap((path): [RootedPath, DesiredFile][] => {
        const file = everything.get(path);
        return file === undefined ? [] : [[path, file]];
      }),
    );
    const base = baseFor(component, bases, claimed);
    const unneeded = [...base].filter(
      ([path, record]) => !desired.has(path) && sameContent(standing.at(path), stateOfRecord(record)),
    );
    const stray = await unprovenClaims(context, component.name, new Map(unneeded));
    const unproven = (path: RootedPath): boolean => stray.has(path);
    const slips = await misnamedClaims(context, component.name, new Map(unneeded));
    const misnamed = (path: RootedPath): boolean => slips.has(path);
    const room = withRoom(standing, { base, desired, unproven, misnamed }, ownFolders);
    const onConflict = policies.get(component.name) ?? 'keep';
    return { component, request: { desired, base, unproven, misnamed, ...room, onConflict, complete, decisions } };
  };
  const requests = await Promise.all(chosen.map(requestFor));
  const suspects = requests.flatMap(({ component, request }) =>
    needHistory(request).map((path) => ({
      key: path,
      mainPath: component.files.get(path)?.mainPath ?? '',
      bytes: context.ports.files.read(standing.absolute(path)),
    })),
  );
  const copies = await untouchedCopies(main, suspects);
  const compared = requests.map(({ component, request }) => ({
    component,
    verdicts: compareFiles({ ...request, historic: (path) => copies.get(path) }),
  }));
  refuseClash(compared.flatMap(({ verdicts }) => verdicts));
  return { compared, standing };
};
