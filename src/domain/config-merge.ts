/** Merges main's configuration into the target's, key by key: what the owner changed is never lost silently. */
import { type Base, digestOf } from './config-base.ts';
import { type Strategies, strategiesOf } from './config-strategy.ts';
import {
  type Edit,
  entryOf,
  isList,
  isTable,
  type KeyPath,
  sameValue,
  type Table,
  type Value,
  valueAt,
} from './config-value.ts';
import type { RootedPath } from './paths.ts';
import type { KeyChange } from './plan.ts';
import type { KeyStrategy } from './project.ts';
import type { Decision } from './receipt.ts';
import { showValue } from './secrets.ts';

export interface MergeRequest {
  /** The target's file, as decisions name it. */
  readonly path: RootedPath;
  readonly base: Base;
  readonly main: Value;
  readonly owner: Value;
  readonly strategies: Readonly<Record<string, KeyStrategy>>;
  /** Key patterns whose values are masked. */
  readonly secrets: readonly string[];
  readonly salt: string;
  /** The receipt's decisions of this file. */
  readonly previous: readonly Decision[];
}

export interface ConfigMerge {
  readonly edits: readonly Edit[];
  /** What the edits do, `+`, `~`, `-`; one per leaf, masked. */
  readonly changes: readonly KeyChange[];
  /** Every key that differs from main and stays (`=`), masked. */
  readonly kept: readonly KeyChange[];
  /** All decisions that hold now, for the receipt. */
  readonly decisions: readonly Decision[];
  /** The choices that are new with this version of main; the others were listed before. */
  readonly fresh: readonly KeyChange[];
}

interface Sides {
  readonly main: Value | undefined;
  readonly owner: Value | undefined;
}

class Merge {
  readonly edits: Edit[] = [];
  readonly changes: KeyChange[] = [];
  readonly kept: KeyChange[] = [];
  readonly decisions: Decision[] = [];
  readonly fresh: KeyChange[] = [];
  private readonly request: MergeRequest;
  private readonly strategies: Strategies;

  constructor(request: MergeRequest) {
    this.request = request;
    this.strategies = strategiesOf(request.strategies);
  }

  /** Brings one key in step, by its strategy. */
  visit(path: KeyPath, sides: Sides): void {
    const { main, owner } = sides;
    const { strategy, depth } = this.strategies.of(path);
    if (isTable(main) && isTable(owner)) {
      if (strategy !== 'keep' || this.strategies.reachesBelow(path)) this.visitTables(path, main, owner);
      else if (!sameValue(main, owner)) this.stay(path, sides, 'strategy keep');
      return;
    }
    if (sameValue(main, owner)) return;
    if (strategy === 'keep') this.keep(path, sides, depth);
    else if (main === undefined) this.goneFromMain(path, owner as Value, strategy);
    else if (strategy === 'merge') this.union(path, main, owner);
    else if (strategy === 'replace') this.replace(path, main, owner);
    else this.threeWay(path, main, owner);
  }

  private visitTables(path: KeyPath, main: Table, owner: Table): void {
    for (const key of new Set([...Object.keys(main), ...Object.keys(owner)])) {
      this.visit([...path, key], { main: entryOf(main, key), owner: entryOf(owner, key) });
    }
  }

  private keep(path: KeyPath, sides: Sides, depth: number): void {
    const { base } = this.request;
    if (sides.main === undefined) return;
    if (sides.owner !== undefined) this.stay(path, sides, 'strategy keep');
    else if (base.has(path)) this.decide(path, sides, 'removed by the owner, stays removed');
    // A table that is kept as a whole gets no new keys either.
    else if (depth === path.length) this.set(path, sides, 'new in main');
  }

  private goneFromMain(path: KeyPath, owner: Value, strategy: KeyStrategy): void {
    const { base } = this.request;
    const sides: Sides = { main: undefined, owner };
    if (strategy === 'merge' || !base.has(path)) return;
    if (base.same(path, owner)) this.set(path, sides, 'gone from main');
    else if (isTable(owner)) this.visitTables(path, {}, owner);
    else if (strategy === 'replace') this.overrule(path, sides, 'gone from main');
    else this.decide(path, sides, 'changed by the owner, gone from main');
  }

  private union(path: KeyPath, main: Value, owner: Value | undefined): void {
    const { base } = this.request;
    const sides: Sides = { main, owner };
    if (owner === undefined) {
      if (base.has(path)) this.decide(path, sides, 'removed by the owner, stays removed');
      else this.set(path, sides, 'new in main');
      return;
    }
    if (isList(main) && isList(owner)) {
      this.unionLists(path, main, owner);
      return;
    }
    const alike = isList(main) === isList(owner) && isTable(main) === isTable(owner);
    if (alike) this.stay(path, sides, 'strategy merge keeps existing values');
    else this.decide(path, sides, 'another kind of value than in main');
  }

  private unionLists(path: KeyPath, main: readonly Value[], owner: readonly Value[]): void {
    const { base } = this.request;
    const result = [...owner];
    for (const item of main) {
      if (!result.some((other) => sameValue(other, item)) && !base.held(path, item)) result.push(item);
    }
    if (result.length > owner.length) this.set(path, { main: result, owner }, 'new items in main');
    else this.stay(path, { main, owner }, "the owner's own list");
  }

  private replace(path: KeyPath, main: Value, owner: Value | undefined): void {
    const { base } = this.request;
    const untouched = owner === undefined ? !base.has(path) : base.same(path, owner);
    if (untouched) this.set(path, { main, owner }, owner === undefined ? 'new in main' : 'changed in main');
    else this.overrule(path, { main, owner }, owner === undefined ? 'removed by the owner' : 'changed by the owner');
  }

  private threeWay(path: KeyPath, main: Value, owner: Value | undefined): void {
    const { base } = this.request;
    const sides: Sides = { main, owner };
    if (owner === undefined) {
      if (!base.has(path)) this.set(path, sides, 'new in main');
      else if (base.same(path, main)) this.stay(path, sides, 'removed by the owner, unchanged in main');
      else this.decide(path, sides, 'removed by the owner, changed in main');
    } else if (!base.known) this.decide(path, sides, 'differs from main at the first sync');
    else if (base.same(path, owner)) this.set(path, sides, 'changed in main');
    else if (base.same(path, main)) this.stay(path, sides, "the owner's own, unchanged in main");
    else if (!base.has(path)) this.decide(path, sides, 'added by the owner and by main');
    else this.decide(path, sides, 'changed by the owner and in main');
  }

  private set(path: KeyPath, { main, owner }: Sides, cause: string): void {
    this.edits.push({ key: path, value: main });
    this.show(path, { main, owner }, cause);
  }

  /** One line per leaf, so that each is masked by its own key. */
  private show(path: KeyPath, { main, owner }: Sides, cause: string): void {
    const whole = (main ?? owner) as Value;
    if ((main === undefined || owner === undefined) && isTable(whole) && Object.keys(whole).length > 0) {
      for (const [key, value] of Object.entries(whole)) {
        this.show([...path, key], main === undefined ? { main, owner: value } : { main: value, owner }, cause);
      }
      return;
    }
    const sign = owner === undefined ? '+' : main === undefined ? '-' : '~';
    this.changes.push(this.line(path, { main, owner }, { sign, cause }));
  }

  private line(path: KeyPath, { main, owner }: Sides, { sign, cause }: Pick<KeyChange, 'sign' | 'cause'>): KeyChange {
    const shown = (value: Value | undefined) =>
      value === undefined ? null : showValue(value, path, this.request.secrets);
    return { key: path, sign, old: shown(owner), new: shown(main), cause };
  }

  private stay(path: KeyPath, sides: Sides, cause: string): KeyChange {
    const line = this.line(path, sides, { sign: '=', cause });
    this.kept.push(line);
    return line;
  }

  private decide(path: KeyPath, sides: Sides, cause: string): void {
    const line = this.stay(path, sides, cause);
    this.record(line, sides, 'kept');
  }

  private overrule(path: KeyPath, sides: Sides, cause: string): void {
    this.set(path, sides, `${cause}; strategy replace`);
    const sign = sides.owner === undefined ? '+' : sides.main === undefined ? '-' : '~';
    this.record(this.line(path, sides, { sign, cause }), sides, 'replaced');
  }

  private record(line: KeyChange, sides: Sides, choice: Decision['choice']): void {
    const { path, previous } = this.request;
    const decision: Decision = {
      path,
      key: JSON.stringify(line.key),
      choice,
      cause: line.cause,
      main: this.digest(sides.main),
      owner: this.digest(sides.owner),
    };
    const before = previous.find((other) => other.key === decision.key && this.saw(other, sides));
    this.decisions.push(before ?? decision);
    if (before === undefined) this.fresh.push(line);
  }

  private digest(value: Value | undefined): string {
    return value === undefined ? 'deleted' : digestOf(value, this.request.salt);
  }

  /** Whether a decision was made on exactly these two versions. */
  private saw(decision: Decision, { main, owner }: Sides): boolean {
    return decision.main === this.digest(main) && decision.owner === this.digest(owner);
  }

  /** Earlier decisions stay as long as main's version and, for a kept key, the owner's are those decided on. */
  carry(): void {
    const { previous, main, owner } = this.request;
    const decided = new Set(this.decisions.map((decision) => decision.key));
    for (const decision of previous) {
      if (decision.key === undefined || decided.has(decision.key)) continue;
      const path = JSON.parse(decision.key) as KeyPath;
      const sides: Sides = { main: valueAt(main, path), owner: valueAt(owner, path) };
      const holds = decision.choice === 'kept' ? this.saw(decision, sides) : decision.main === this.digest(sides.main);
      if (holds) this.decisions.push(decision);
    }
  }
}

/** Edits for the target's file, what they change, what stays and why. Pure. */
export const mergeConfig = (request: MergeRequest): ConfigMerge => {
  const merge = new Merge(request);
  merge.visit([], request);
  merge.carry();
  const { edits, changes, kept, decisions, fresh } = merge;
  return {
    edits,
    changes,
    kept,
    fresh,
    decisions: decisions.sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1)),
  };
};
