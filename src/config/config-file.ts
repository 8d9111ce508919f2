/** The values of a valid `sync.config.yaml`, as they were written. */
import type { CommitRule, Priority } from '../domain/change.ts';
import type { WrittenHooks } from '../domain/hook-settings.ts';
import type { ConflictPolicy, Into, KeyStrategy, PackageSpec } from '../domain/project.ts';

export interface WrittenSource {
  readonly from: string | readonly string[];
  readonly into: Into;
  readonly exclude?: readonly string[];
}

export type WrittenComponent =
  | (WrittenSource & { readonly on_conflict?: ConflictPolicy })
  | readonly WrittenSource[]
  | { readonly sources: readonly WrittenSource[]; readonly on_conflict?: ConflictPolicy };

export interface WrittenCheck {
  readonly name?: string;
  readonly uses: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** How long something is kept: a count, an age such as `30d`, or both. */
export interface WrittenRules {
  readonly keep_last?: number;
  readonly keep_within?: string;
}

/** What `configSchema` lets through. */
export interface WrittenConfig {
  readonly version: 1;
  readonly project: {
    readonly name: string;
    readonly id?: string;
    readonly import?: string;
    readonly package?: string;
    readonly from?: PackageSpec['from'];
    readonly index?: string;
    readonly network?: boolean;
    readonly builder?: string;
  };
  readonly state?: string;
  readonly categories?: Readonly<Record<string, { readonly paths: readonly string[]; readonly priority: Priority }>>;
  readonly commits?: readonly CommitRule[];
  readonly types?: Readonly<
    Record<string, { readonly extends: string; readonly pipeline?: string; readonly detect?: readonly string[] }>
  >;
  readonly components?: Readonly<Record<string, WrittenComponent>>;
  readonly protect?: readonly string[];
  readonly config?: readonly {
    readonly from: string;
    readonly into: Into;
    readonly strategies?: Readonly<Record<string, KeyStrategy>>;
    readonly on_conflict?: Exclude<ConflictPolicy, 'replace'>;
  }[];
  readonly secrets?: readonly string[];
  readonly suites?: Readonly<Record<string, readonly WrittenCheck[]>>;
  readonly hooks?: WrittenHooks;
  readonly sla?: Readonly<Partial<Record<Priority | 'default', string>>>;
  readonly tag?: 'off' | { readonly name: string };
  readonly runs?: WrittenRules;
  readonly backups?: WrittenRules & { readonly targets?: Readonly<Record<string, WrittenRules>> };
}

/** The sources of a component, whichever of the three ways it is written in. */
export const sourcesOf = (component: WrittenComponent): readonly WrittenSource[] => {
  if ('from' in component) return [component];
  return 'sources' in component ? component.sources : component;
};
