/** The checklist before a push: five lines, six where all targets must be in step; each met, unmet or not to be told. Pure. */
import type { Priority } from './change.ts';
import type { OnUnmet, PushRequirement } from './hook-settings.ts';

/** One thing that keeps a line from being met. */
export interface Obstacle {
  /** null for what is no target's. */
  readonly target: string | null;
  /** `unmet` is certain; `unknown` could not be told, and never blocks. */
  readonly state: 'unmet' | 'unknown';
  readonly cause: string;
  /** The one command that mends it. */
  readonly mend: string;
}

export type LineState = 'met' | 'unmet' | 'unknown';

export interface PushLine {
  /** In the words of the reference. */
  readonly text: string;
  readonly state: LineState;
  /** What was found, or what is in the way; each obstacle is listed below the line. */
  readonly found: string | null;
  readonly obstacles: readonly Obstacle[];
}

/** What one target lacks of what is pushed. */
export interface LackingTarget {
  readonly target: string;
  readonly priority: Priority;
  /** How many files. */
  readonly files: number;
  /** Sorted. */
  readonly components: readonly string[];
  /** Why all that is pushed counts as lacking; null when it is exact. */
  readonly unknown: string | null;
  /** The backup of its present state; null when there is none, or nothing that could be lost. */
  readonly backup: string | null;
}

export interface PushFindings {
  /** The remote's name, or its address without a name. */
  readonly remote: string;
  readonly require: Exclude<PushRequirement, 'off'>;
  /** How many targets are not on hold. */
  readonly targets: number;
  /** `4 files in docs, package`. */
  readonly changes: string;
  readonly lacking: readonly LackingTarget[];
  readonly missing: readonly Obstacle[];
  readonly undetected: readonly Obstacle[];
  readonly unlisted: readonly Obstacle[];
  readonly unsaved: readonly Obstacle[];
  readonly outOfStep: readonly Obstacle[];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const stateOf = (obstacles: readonly Obstacle[]): LineState => {
  if (obstacles.some(({ state }) => state === 'unmet')) return 'unmet';
  return obstacles.length > 0 ? 'unknown' : 'met';
};

const line = (text: string, found: string | null, obstacles: readonly Obstacle[]): PushLine => ({
  text,
  state: stateOf(obstacles),
  found,
  obstacles,
});

const lackText = (lacking: readonly LackingTarget[]): string =>
  lacking
    .map(({ target, files, components }) => `${target} lacks ${counted(files, 'file')} of ${components.join(', ')}`)
    .join('; ');

const backups = (lacking: readonly LackingTarget[]): string =>
  lacking.map(({ target, backup }) => backup ?? `nothing of main is in ${target} yet`).join(', ');

/** The lines in the reference's order. The last one is met when all the others are. */
export const pushLines = (findings: PushFindings): readonly PushLine[] => {
  const { lacking, remote } = findings;
  const lines = [
    line('All target projects identified', counted(findings.targets, 'target'), findings.missing),
    line('Changes requiring sync detected', findings.changes, findings.undetected),
    line('Sync checklist generated', lackText(lacking), findings.unlisted),
    line('Target projects backed up', backups(lacking), findings.unsaved),
    ...(findings.require === 'synchronized'
      ? [line('All target projects synchronized', null, findings.outOfStep)]
      : []),
  ];
  const open = lines.filter(({ state }) => state !== 'met');
  const state: LineState = open.some((one) => one.state === 'unmet') ? 'unmet' : open.length > 0 ? 'unknown' : 'met';
  return [...lines, { text: `Ready to push to ${remote}`, state, found: null, obstacles: [] }];
};

export type PushVerdict = 'met' | 'blocked' | 'warned' | 'unknown';

/** Only what is certainly unmet blocks, and only where the policy says so. */
export const verdictOf = (lines: readonly PushLine[], onUnmet: OnUnmet): PushVerdict => {
  const state = lines.at(-1)?.state ?? 'unknown';
  if (state === 'unmet') return onUnmet === 'block' ? 'blocked' : 'warned';
  return state === 'unknown' ? 'unknown' : 'met';
};

/** The first line that is certainly unmet and its first obstacle: what a person is told. */
export const firstUnmet = (
  lines: readonly PushLine[],
): { readonly line: PushLine; readonly obstacle: Obstacle } | undefined => {
  for (const one of lines) {
    const obstacle = one.obstacles.find(({ state }) => state === 'unmet');
    if (obstacle !== undefined) return { line: one, obstacle };
  }
  return undefined;
};

const boxes: Readonly<Record<LineState, string>> = { met: '[x]', unmet: '[ ]', unknown: '[?]' };

/** A name or a message stays in its line. */
const plain = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').trim();

/** The checklist as lines for a person: `- [x] …`, and below a line that is not met what is in its way. */
export const renderPushLines = (lines: readonly PushLine[]): readonly string[] =>
  lines.flatMap(({ text, state, found, obstacles }) => [
    `- ${boxes[state]} ${text}${found === null || found === '' || state !== 'met' ? '' : `: ${plain(found)}`}`,
    ...obstacles.map(({ target, cause, mend }) =>
      plain(`${target === null ? '' : `${target}: `}${cause}: ${mend}`).replace(/^/, '      '),
    ),
  ]);
