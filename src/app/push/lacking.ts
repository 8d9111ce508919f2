/** Tells what a target lacks of what is pushed: of the pushed files, those that changed since the commit that each of its components is at. Writes nothing. */
import type { ChangeRecord } from '../../domain/change.ts';
import { type ComponentMap, concerns } from '../../domain/concerns.ts';
import type { Receipt } from '../../domain/receipt.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { baseType, projectFor } from '../../domain/team-types.ts';
import { pathsOfRecords, recordsAbout, unionOfRecords } from '../../domain/union-changes.ts';
import type { MainProject } from '../main-project.ts';
import { receiptOf } from '../synced-state.ts';
import type { Compare } from './pushed-changes.ts';

export interface Lack {
  readonly records: readonly ChangeRecord[];
  /** Sorted. */
  readonly components: readonly string[];
  /** Why all that is pushed counts as lacking; null when it is exact. */
  readonly unknown: string | null;
}

export interface LackRequest {
  readonly record: TargetRecord;
  /** All that is pushed. */
  readonly pushed: readonly ChangeRecord[];
  /** The pushed commits. */
  readonly tips: readonly string[];
  readonly compare: Compare;
}

interface Part {
  readonly name: string;
  /** null: never synced. */
  readonly commit: string | null;
}

/** The commit that a component was last in step with. One that the receipt does not name holds nothing, or went back to nothing. */
const partOf = (receipt: Receipt | undefined, { status }: TargetRecord, name: string): Part => {
  const own = receipt?.components[name]?.commit;
  const gone = status === 'rolled_back' && name !== 'config';
  return { name, commit: own ?? (gone ? null : (receipt?.commit ?? null)) };
};

const componentsIn = (project: ComponentMap, records: readonly ChangeRecord[], type: string): readonly string[] =>
  [...new Set(concerns(project, { records }, type).concerned.flatMap(({ components }) => components))].sort();

/** Whether what is pushed lies in any component of a target of this type. */
export const reaches = (main: Pick<MainProject, 'project'>, type: string, pushed: readonly ChangeRecord[]): boolean =>
  componentsIn(projectFor(main.project, type), pushed, baseType(main.project.types, type)).length > 0;

/** undefined when it lacks nothing. Throws `receipt-invalid`, `format-newer`, and what git throws. */
export const lackOf = async (
  main: MainProject,
  { record, pushed, tips, compare }: LackRequest,
): Promise<Lack | undefined> => {
  const type = baseType(main.project.types, record.type);
  const project = projectFor(main.project, record.type);
  const receipt = receiptOf(main, record);
  const parts = componentsIn(project, pushed, type).map((name) => partOf(receipt, record, name));
  const paths = pathsOfRecords(pushed);
  const found: (readonly ChangeRecord[])[] = [];
  const lacking = new Set<string>();
  let unknown: string | null = null;
  for (const commit of new Set(parts.map((part) => part.commit))) {
    const names = new Set(parts.filter((part) => part.commit === commit).map(({ name }) => name));
    for (const tip of tips) {
      const changes = await compare(commit, tip);
      const about = { records: recordsAbout(changes.records, paths) };
      const here = concerns(project, about, type).concerned.filter(({ components }) =>
        components.some((name) => names.has(name)),
      );
      if (here.length === 0) continue;
      if (commit !== null && changes.unknown !== null) unknown = changes.unknown;
      found.push(here.map(({ record }) => record));
      for (const { components } of here) for (const name of components) if (names.has(name)) lacking.add(name);
    }
  }
  return lacking.size === 0 ? undefined : { records: unionOfRecords(found), components: [...lacking].sort(), unknown };
};

/** Every commit that something in a target is at. */
export const commitsOf = ({ components }: Receipt, whole: string): ReadonlySet<string> =>
  new Set([whole, ...Object.values(components).map(({ commit }) => commit)]);

/**
 * Whether a target has all of the commits, whatever of them is pushed and wherever it is pushed to. Throws as `lackOf`.
 */
export const hasAll = async (
  main: MainProject,
  { record, tips, compare }: Pick<LackRequest, 'record' | 'tips' | 'compare'>,
): Promise<boolean> => {
  const receipt = receiptOf(main, record);
  if (receipt === undefined || receipt.commit === null || record.status === 'rolled_back') return false;
  const type = baseType(main.project.types, record.type);
  const project = projectFor(main.project, record.type);
  const commits = commitsOf(receipt, receipt.commit);
  for (const commit of commits) {
    for (const tip of tips) {
      const changes = await compare(commit, tip);
      if (changes.unknown !== null || concerns(project, changes, type).concerned.length > 0) return false;
    }
  }
  return true;
};
