/** What git may start and what a push is held to, with every default filled in. Pure. */
import { compileGlobs } from './categories.ts';
import { parseDuration } from './duration.ts';
import { shortRef } from './push.ts';

/** What must hold before a push: the checklist, that no target lacks what is pushed, or nothing. */
export type PushRequirement = 'checklist' | 'synchronized' | 'off';
export type OnUnmet = 'block' | 'warn';
/** What comes after main moved: a sync, what it would do, one line, or nothing. */
export type AfterMove = 'sync' | 'plan' | 'notify' | 'off';

/** For some branches or remotes: the first rule that fits a pushed ref decides. */
export interface PushRule {
  /** Globs over names of branches; null for all. */
  readonly branches: readonly string[] | null;
  /** Globs over names of remotes; null for all. */
  readonly remotes: readonly string[] | null;
  readonly require: PushRequirement;
  readonly onUnmet: OnUnmet;
}

export interface PushSettings {
  /** In order; the last one fits whatever the settings cover at all. A ref that none fits is not looked at. */
  readonly rules: readonly [PushRule, ...PushRule[]];
  /** Milliseconds. */
  readonly budget: number;
  /** Whether a push of nothing to sync is passed without a word. */
  readonly quiet: boolean;
  /** Whether a tag's commits are looked at as a branch's are. */
  readonly tags: 'look' | 'pass';
  readonly deletions: 'pass' | 'block';
}

export interface AfterSettings {
  readonly act: AfterMove;
  /** Globs over names of branches; null for all. */
  readonly branches: readonly string[] | null;
  /** Milliseconds that git is kept waiting; what is not done then goes on in the background. */
  readonly budget: number;
}

export interface HookSettings {
  readonly prePush: PushSettings;
  /** After a merge, a pull of either kind, and a move of the branch that fired no hook. */
  readonly postMerge: AfterSettings;
  /** After a push that the remote accepted. */
  readonly postPush: AfterSettings;
}

interface WrittenRule {
  readonly branches?: readonly string[];
  readonly remotes?: readonly string[];
  readonly require?: PushRequirement;
  readonly on_unmet?: OnUnmet;
}

interface WrittenPush extends WrittenRule {
  readonly on_error?: 'warn';
  readonly rules?: readonly WrittenRule[];
  readonly budget?: string;
  readonly quiet?: boolean;
  readonly tags?: PushSettings['tags'];
  readonly deletions?: PushSettings['deletions'];
}

type WrittenAfter =
  | AfterMove
  | { readonly do?: AfterMove; readonly branches?: readonly string[]; readonly budget?: string };

/** `hooks:` as it is written. */
export interface WrittenHooks {
  readonly 'pre-push'?: 'off' | WrittenPush;
  readonly 'post-merge'?: WrittenAfter;
  readonly 'post-push'?: WrittenAfter;
}

/** When nobody says: DESIGN's budget of a hook. */
const usualBudget = '3s';

const pushOf = (written: NonNullable<WrittenHooks['pre-push']>): PushSettings => {
  const own: WrittenPush = written === 'off' ? { require: 'off' } : written;
  const last: PushRule = {
    branches: own.branches ?? null,
    remotes: own.remotes ?? null,
    require: own.require ?? 'checklist',
    onUnmet: own.on_unmet ?? 'block',
  };
  const rules = (own.rules ?? []).map(
    (rule): PushRule => ({
      branches: rule.branches ?? null,
      remotes: rule.remotes ?? null,
      require: rule.require ?? last.require,
      onUnmet: rule.on_unmet ?? last.onUnmet,
    }),
  );
  const [first = last, ...rest] = [...rules, last];
  return {
    rules: [first, ...rest],
    budget: parseDuration(own.budget ?? usualBudget),
    quiet: own.quiet ?? false,
    tags: own.tags ?? 'look',
    deletions: own.deletions ?? 'pass',
  };
};

const afterOf = (written: WrittenAfter): AfterSettings => {
  const {
    do: act = 'sync',
    branches = null,
    budget = usualBudget,
  } = typeof written === 'string' ? { do: written } : written;
  return { act, branches, budget: parseDuration(budget) };
};

/** Throws `config-invalid` for a duration that is none. */
export const hookSettings = (written: WrittenHooks = {}): HookSettings => ({
  prePush: pushOf(written['pre-push'] ?? {}),
  postMerge: afterOf(written['post-merge'] ?? 'sync'),
  postPush: afterOf(written['post-push'] ?? 'sync'),
});

const fits = (globs: readonly string[] | null, name: string): boolean => globs === null || compileGlobs(globs)(name);

/** What a pushed ref is held to; undefined when nobody asked for it to be looked at. */
export const ruleFor = (
  { rules }: Pick<PushSettings, 'rules'>,
  { remote, ref }: { readonly remote: string; readonly ref: string },
): PushRule | undefined => {
  const rule = rules.find(({ branches, remotes }) => fits(branches, shortRef(ref)) && fits(remotes, remote));
  return rule?.require === 'off' ? undefined : rule;
};

/** Whether something is done after a branch moved; a detached HEAD, null, is no branch that a pattern could name. */
export const actsOn = ({ act, branches }: AfterSettings, branch: string | null): boolean =>
  act !== 'off' && (branches === null || (branch !== null && fits(branches, branch)));
