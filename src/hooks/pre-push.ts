/** `pre-push`: holds a push to the checklist before it; blocks only what is certainly unmet, where the policy says so. */
import { acceptPush } from '../app/push/accept.ts';
import { type JudgedGroup, judgePush, type PushJudgement } from '../app/push/judge.ts';
import { nothingToSync, readPushLines, shortRef } from '../domain/push.ts';
import { firstUnmet, type Obstacle, renderPushLines } from '../domain/push-checklist.ts';
import { noteLetThrough } from '../store/let-through.ts';
import { type GitHook, type HookAnswer, nothingToSay } from './hook.ts';

const say = (text: string): string => `lockstep pre-push: ${text.replace(/\s+/g, ' ').trim()}`;

const anyway = 'LOCKSTEP=0 git push pushes all the same';

const refsText = (groups: readonly JudgedGroup[]): string =>
  groups.flatMap(({ refs }) => refs.map(({ ref }) => shortRef(ref.remoteRef))).join(', ');

const obstacleText = ({ target, cause, mend }: Obstacle): string =>
  `${target === null ? '' : `${target}: `}${cause}; mend it: ${mend}`;

/** The last line of a group's checklist: what follows from it. */
const conclusion = ({ lines, verdict }: JudgedGroup): string | undefined => {
  const first = firstUnmet(lines);
  const unmet = first === undefined ? '' : `"${first.line.text}" is not met. ${obstacleText(first.obstacle)}`;
  switch (verdict) {
    case 'met':
      return undefined;
    case 'blocked':
      return say(`blocked: ${unmet} (${anyway})`);
    case 'warned':
      return say(`not held back (on_unmet: warn), though ${unmet}`);
    case 'unknown':
      return say('what could not be told holds no push back (on_error: warn)');
  }
};

const notesOf = ({ refs }: JudgedGroup): readonly string[] =>
  refs.flatMap(({ ref, note }) => (note === null ? [] : [say(`${shortRef(ref.remoteRef)}: ${note}`)]));

const groupLines = (group: JudgedGroup, remote: string): readonly string[] => {
  if (group.lines.length === 0) return [];
  const last = conclusion(group);
  return [
    say(`checklist for ${refsText([group])} to ${remote}`),
    ...notesOf(group),
    ...renderPushLines(group.lines),
    ...(last === undefined ? [] : [last]),
  ];
};

const keptLines = ({ keptBranches }: PushJudgement): readonly string[] =>
  keptBranches.map(({ ref, onUnmet }) => {
    const what = `deletes the branch ${shortRef(ref)}, and hooks.pre-push.deletions says block`;
    return onUnmet === 'block'
      ? say(`blocked: the push ${what}; to delete it all the same: LOCKSTEP=0 git push`)
      : say(`not held back (on_unmet: warn), though the push ${what}`);
  });

const factsOf = (remote: string, { groups, keptBranches }: PushJudgement): Readonly<Record<string, unknown>> => ({
  remote,
  keptBranches,
  groups: groups.map(({ rule, refs, lacking, lines, verdict }) => ({
    verdict,
    require: rule.require,
    on_unmet: rule.onUnmet,
    refs: refs.map(({ ref, tip, note }) => ({ ...ref, commit: tip, note })),
    lines,
    lacking,
  })),
});

const outcomeOf = ({ groups, keptBranches }: PushJudgement): string => {
  const verdicts: readonly string[] = [
    ...groups.map(({ verdict }) => verdict),
    ...keptBranches.map(({ onUnmet }) => (onUnmet === 'block' ? 'blocked' : 'warned')),
  ];
  for (const worst of ['blocked', 'warned', 'unknown']) if (verdicts.includes(worst)) return worst;
  return groups.some(({ lines }) => lines.length > 0) ? 'met' : 'nothing-to-sync';
};

const answer = (
  judgement: PushJudgement,
  { remote, quiet }: { readonly remote: string; readonly quiet: boolean },
): HookAnswer => {
  const { groups, targets } = judgement;
  const outcome = outcomeOf(judgement);
  const lines = [...keptLines(judgement), ...groups.flatMap((group) => groupLines(group, remote))];
  const nothing = lines.length === 0 && groups.length > 0 && targets.length > 0 && !quiet;
  return {
    code: outcome === 'blocked' ? 6 : 0,
    lines: nothing
      ? [
          say(
            nothingToSync(
              groups.flatMap(({ refs }) => refs.map(({ ref }) => ref)),
              remote,
            ),
          ),
        ]
      : lines,
    facts: { outcome, ...factsOf(remote, judgement) },
  };
};

export const prePush: GitHook = {
  name: 'pre-push',
  run: async ({ main, args: [remote = '', url = ''], input, time, env, writing, launcher }) => {
    const settings = main.project.hooks.prePush;
    time.allow(settings.budget);
    const since = BigInt(Math.floor(main.ports.clock.now().getTime() - time.spent())) * 1_000_000n;
    const { refs, unread } = readPushLines(await input());
    const judgement = await judgePush(main, {
      remote,
      refs,
      settings,
      env,
      writing,
      signal: time.signal,
      left: time.left,
    });
    if (refs.length + unread.length === 0) return nothingToSay;
    if (judgement.targets.length === 0) {
      noteLetThrough(await writing(), main.state, { remote, refs });
      return nothingToSay;
    }
    const { code, lines, facts } = answer(judgement, { remote, quiet: settings.quiet || unread.length > 0 });
    // A push of Lockstep's own sees to what comes after it.
    const after = env.LOCKSTEP_PUSH === undefined ? main.project.hooks.postPush : undefined;
    if (code === 0) await acceptPush(main, { judgement, refs, remote, url, since, launcher, writing, after });
    if (unread.length === 0) return { code, lines, facts };
    const odd = say(`${unread.length} of git's lines could not be read, and what they push was not looked at`);
    return { code, lines: [...lines, odd], facts: { ...facts, unread } };
  },
};
