/** What `sync.config.yaml` may say under `hooks:`. */
import { type TSchema, Type } from '@sinclair/typebox';
import { closed, duration, oneOf, texts } from './words.ts';

const optional = Type.Optional;

const require = oneOf(
  {
    checklist: 'the checklist is met: targets found, changes known, present states backed up',
    synchronized: 'no target lacks anything of what is pushed',
    off: 'nothing',
  },
  'what must hold before a push; checklist when left out',
);
const onUnmet = oneOf(
  { block: 'the push is refused, with the command that mends it', warn: 'it is said, and the push goes on' },
  'what happens when it does not hold; block when left out',
);
const branches = optional(texts('globs over names of branches; all when left out', 1));
const remotes = optional(texts('globs over names of remotes; all when left out', 1));

const afterWords = {
  sync: 'all targets are synced; without trust on this machine it is said',
  plan: 'what a sync would do is said',
  notify: 'which targets are behind is said',
  off: 'nothing',
};

const after = (description: string): TSchema =>
  Type.Union(
    [
      oneOf(afterWords, 'what is done'),
      Type.Object(
        {
          do: optional(oneOf(afterWords, 'what is done; sync when left out')),
          branches,
          budget: optional(duration('how long git waits; the rest goes on in the background; 3s when left out')),
        },
        closed('what is done, and for which branches'),
      ),
    ],
    { description },
  );

/** The gate before a push, and what comes after main moved. */
export const hooks: TSchema = Type.Object(
  {
    'pre-push': optional(
      Type.Union(
        [
          Type.Literal('off'),
          Type.Object(
            {
              require: optional(require),
              on_unmet: optional(onUnmet),
              on_error: optional(
                oneOf({ warn: 'one line, and the push goes on' }, 'what happens when it cannot be told'),
              ),
              branches,
              remotes,
              rules: optional(
                Type.Array(
                  Type.Object(
                    { branches, remotes, require: optional(require), on_unmet: optional(onUnmet) },
                    { ...closed('one rule; what it leaves out is as the gate says'), minProperties: 1 },
                  ),
                  { description: 'for some branches or remotes: the first that fits a pushed branch decides' },
                ),
              ),
              tags: optional(
                oneOf(
                  { look: 'the commits that it brings are looked at', pass: 'it passes' },
                  'a pushed tag; look when left out',
                ),
              ),
              deletions: optional(
                oneOf(
                  { pass: 'it passes', block: 'it is refused' },
                  'a branch that a push deletes; pass when left out',
                ),
              ),
              budget: optional(duration('how long it may take; 3s when left out')),
              quiet: optional(Type.Boolean({ description: 'whether a push of nothing to sync passes without a word' })),
            },
            closed('the gate before a push'),
          ),
        ],
        { description: 'the gate before a push, or off' },
      ),
    ),
    'post-merge': optional(after('what a pull or a merge starts; sync when left out')),
    'post-push': optional(after('what a push that the remote accepted starts; sync when left out')),
  },
  closed('what git starts'),
);
