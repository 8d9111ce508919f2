/** The synchronization checklist: which changes concern which target, and which steps before a sync are done. */
import { type ChangeRecord, type ChangeSet, highest, type Priority, priorities } from './change.ts';
import { type ComponentMap, type Concern, concerns } from './concerns.ts';

export interface ChecklistInput {
  readonly commit: string;
  readonly project: ComponentMap;
  readonly targets: readonly {
    readonly name: string;
    readonly type: string;
    readonly changes: ChangeSet;
    /** The backup that a sync could go back to; null when there is none. */
    readonly backup: string | null;
    /** What a rollback brought back. */
    readonly back?: string | undefined;
  }[];
}

export interface ChecklistStep {
  readonly text: string;
  readonly done: boolean;
}

/** One category's changes over all targets. */
export interface ChecklistChange {
  readonly category: string | null;
  readonly priority: Priority;
  readonly cause: string;
  /** Paths, sorted. */
  readonly files: readonly string[];
  /** How many of the files reach no target at all. */
  readonly unreached: number;
  /** Names of the targets that it reaches; empty when it reaches none. */
  readonly targets: readonly string[];
}

export interface ChecklistTarget {
  readonly name: string;
  readonly type: string;
  readonly base: string | null;
  /** Why everything counts as changed for it; null when the changes are exact. */
  readonly unknown: string | null;
  readonly note: string | null;
  /** Of the changes that reach it; null when none does. */
  readonly priority: Priority | null;
  readonly backup: string | null;
  /** What a rollback brought back: a sync brings it forward again, whatever changed since. null when nothing. */
  readonly back: string | null;
  readonly concerned: readonly Concern[];
  readonly others: readonly ChangeRecord[];
}

export interface Checklist {
  readonly commit: string;
  /** The reference's preparation steps, in its order. */
  readonly steps: readonly ChecklistStep[];
  /** The most urgent first. */
  readonly changes: readonly ChecklistChange[];
  /** In the order they were given. */
  readonly targets: readonly ChecklistTarget[];
}

const rank = (priority: Priority | null): number => (priority === null ? -1 : priorities.indexOf(priority));

const targetOf = ({ project }: ChecklistInput, target: ChecklistInput['targets'][number]): ChecklistTarget => {
  const { name, type, changes, backup, back } = target;
  const { concerned, others } = concerns(project, changes, type);
  return {
    name,
    type,
    base: changes.base,
    unknown: changes.unknown,
    note: changes.note ?? null,
    priority: concerned.length === 0 ? null : highest(concerned.map(({ record }) => record.priority)),
    backup,
    back: back ?? null,
    concerned: [...concerned].sort((a, b) => rank(b.record.priority) - rank(a.record.priority)),
    others,
  };
};

/** Joins what each target sees of a category: targets may stand at different commits. The most urgent view gives the cause. */
const changesOf = (targets: readonly ChecklistTarget[]): readonly ChecklistChange[] => {
  const views = new Map<string | null, { records: ChangeRecord[]; targets: Set<string>; reached: Set<string> }>();
  for (const target of targets) {
    const seen = (record: ChangeRecord, reaches: readonly string[]): void => {
      const view = views.get(record.category) ?? { records: [], targets: new Set(), reached: new Set() };
      view.records.push(record);
      for (const name of reaches) view.targets.add(name);
      if (reaches.length > 0) for (const file of record.files) view.reached.add(file.path);
      views.set(record.category, view);
    };
    for (const { record } of target.concerned) seen(record, [target.name]);
    for (const record of target.others) seen(record, []);
  }
  const changes = [...views].map(([category, view]): ChecklistChange => {
    const files = [...new Set(view.records.flatMap((record) => record.files.map((file) => file.path)))].sort();
    const priority = highest(view.records.map((record) => record.priority));
    return {
      category,
      priority,
      cause: view.records.find((record) => record.priority === priority)?.cause ?? '',
      files,
      unreached: files.filter((path) => !view.reached.has(path)).length,
      targets: [...view.targets],
    };
  });
  return changes.sort((a, b) => rank(b.priority) - rank(a.priority));
};

/** Builds the checklist. A target whose changes do not reach it needs no backup and no sync. */
export const buildChecklist = (input: ChecklistInput): Checklist => {
  const targets = input.targets.map((target) => targetOf(input, target));
  const due = targets.filter((target) => target.concerned.length > 0);
  const steps: readonly ChecklistStep[] = [
    { text: 'All target projects identified', done: targets.length > 0 },
    { text: 'Changes requiring sync detected', done: true },
    { text: 'Sync checklist generated', done: true },
    { text: 'Target projects backed up', done: due.every((target) => target.backup !== null) },
  ];
  return {
    commit: input.commit,
    steps: [...steps, { text: 'Ready to push', done: steps.every((step) => step.done) }],
    changes: changesOf(targets),
    targets,
  };
};
