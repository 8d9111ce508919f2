/** What `sync.config.yaml` may say. */
import { type TSchema, Type } from '@sinclair/typebox';
import { checkKinds } from '../checks/index.ts';
import { priorities } from '../domain/change.ts';
import { defaultTagName } from '../domain/tag-name.ts';
import { integrations } from '../integrations/index.ts';
import { hooks } from './hooks-schema.ts';
import { backups, runs } from './retention-schema.ts';
import { closed, duration, named, namePattern, oneOf, text, texts, withByKind } from './words.ts';

export const configVersion = 1;

const optional = Type.Optional;
const priority = oneOf(priorities, 'how urgent a change is');

const policies = {
  keep: "the owner's edit stays, and the receipt says so",
  replace: "main's version is written; the owner's is in the backup",
  fail: 'the run stops before anything is written',
};
const onConflict = oneOf(
  policies,
  'what happens to a file that its owner edited and main changed too; keep when left out',
);

const into = Type.Union(
  [
    text('where it goes in a target; `${{ }}` is filled in'),
    // Names of types are checked by a rule: a team has types of its own.
    Type.Object(
      Object.fromEntries(
        integrations.map(({ name, summary }) => [name, optional(text(`where it goes in such a target: ${summary}`))]),
      ),
      { description: 'one place per integration type', additionalProperties: Type.String({ minLength: 1 }) },
    ),
  ],
  {
    description: 'where it goes: one place, or one per integration type (a type that is not named does not get it)',
  },
);
const from = Type.Union([text('a file or folder'), texts('files and folders', 1)], {
  description: 'files and folders of the main project, relative to its root',
});
const sourceKeys = {
  from,
  into,
  exclude: optional(texts('globs that stay out')),
};
const source = Type.Object(sourceKeys, closed('files and folders of main, and where they go'));

const component = Type.Union(
  [
    Type.Object({ ...sourceKeys, on_conflict: optional(onConflict) }, closed('one source')),
    Type.Array(source, { description: 'several sources', minItems: 1 }),
    Type.Object(
      { sources: Type.Array(source, { minItems: 1 }), on_conflict: optional(onConflict) },
      closed('several sources with a policy of their own'),
    ),
  ],
  { description: 'one source, a list of sources, or `sources:` with `on_conflict:`' },
);

const strategies = {
  keep: "the target's value stays",
  merge: "main's new keys are added, the target's own stay",
  replace: "main's value is written",
  'three-way': 'what only one side changed wins; both: a conflict',
};

const check = Type.Object(
  {
    name: optional(text('what the report calls it; the name of the check kind when left out')),
    uses: oneOf(Object.fromEntries(checkKinds.map((kind) => [kind.name, kind.summary])), 'the check kind'),
    with: optional(Type.Object({}, { description: 'options of the check kind' })),
  },
  { ...closed('one check'), allOf: withByKind(checkKinds) },
);

const project = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$',
      description: 'the name of the distribution, as pip knows it: letters, digits, dots, dashes and underscores',
    }),
    id: optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
        description: 'names this project in receipts: letters, digits, dots and dashes; its name when left out',
      }),
    ),
    import: optional(
      Type.String({
        pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$',
        description: 'the name that Python imports; the name with _ for - when left out',
      }),
    ),
    package: optional(text('the folder that pip can install, relative to the main root; `.` for all of it')),
    from: optional(
      oneOf(
        { local: 'a wheel is built from the run’s commit', index: 'pip takes the pinned version from an index' },
        'where the package comes from; local when left out and there is a package, else index',
      ),
    ),
    index: optional(
      Type.String({
        pattern: '^(https?|file)://',
        description: "the index for `from: index`, a URL; pip's own when left out",
      }),
    ),
    network: optional(
      Type.Boolean({ description: 'whether an index may be asked for requirements; false when left out' }),
    ),
    builder: optional(text('the Python that builds wheels; the first that fits when left out')),
  },
  closed('the main project and its package'),
);

/** `sync.config.yaml`, version 1. */
export const configSchema: TSchema = Type.Object(
  {
    version: Type.Literal(configVersion, { description: 'the version of this format' }),
    project,
    state: optional(text("where Lockstep keeps its state, outside the tree; in git's own folder when left out")),
    categories: optional(
      named(
        Type.Object({ paths: texts('globs', 1), priority }, closed('files of one kind')),
        'names and ranks changes; takes the place of the built-in categories',
      ),
    ),
    commits: optional(
      Type.Array(
        Type.Object({ if: text('an expression over type, scope, breaking and subject'), priority }, closed('one rule')),
        {
          description: 'what paths cannot tell: a commit raises the priority of what it touched',
        },
      ),
    ),
    types: optional(
      named(
        Type.Object(
          {
            extends: oneOf(
              Object.fromEntries(integrations.map(({ name, summary }) => [name, summary])),
              'the built-in type that it behaves as',
            ),
            pipeline: optional(
              Type.String({ pattern: namePattern, description: 'the pipeline of its targets: the name of one' }),
            ),
            detect: optional(
              texts("globs relative to a target's folder: `target add` takes this type where one finds something", 1),
            ),
          },
          closed('one integration type'),
        ),
        "integration types of the team's own; each may be a key of `into`, and has the place of the type that it extends where it is none",
      ),
    ),
    components: optional(named(component, 'the parts of a target that are copied from main')),
    protect: optional(texts("globs of the target's own places: no component may write there")),
    config: optional(
      Type.Array(
        Type.Object(
          {
            from: text('the file in main'),
            into,
            strategies: optional(
              Type.Record(
                Type.String({ minLength: 1 }),
                oneOf(strategies, 'how values under this key are brought together'),
                {
                  description: 'dotted key to strategy; three-way when none fits',
                },
              ),
            ),
            on_conflict: optional(
              oneOf(
                {
                  keep: 'it stays as it is, and is said',
                  fail: 'nothing of the target is synced',
                },
                "when the target's file cannot be merged into: it is no plain file, or cannot be read; keep when left out",
              ),
            ),
          },
          closed('one configuration file'),
        ),
        { description: 'configuration files that are merged key by key' },
      ),
    ),
    secrets: optional(texts('patterns of keys whose values are never shown; takes the place of the built-in ones')),
    suites: optional(
      named(Type.Array(check), 'lists of checks; each takes the place of the built-in suite of its name'),
    ),
    hooks: optional(hooks),
    sla: optional(
      Type.Object(
        {
          ...Object.fromEntries(
            priorities.map((name) => [name, optional(duration(`how long a ${name} change may wait`))]),
          ),
          default: optional(duration('how long any other change may wait')),
        },
        closed('how long a target may stay behind'),
      ),
    ),
    runs: optional(runs),
    backups: optional(backups),
    tag: optional(
      Type.Union(
        [
          Type.Literal('off', { description: 'no tag is made there' }),
          Type.Object(
            {
              name: text(
                'the name of the tag, with `${{ project.name }}`, `${{ project.id }}`, `${{ target.name }}` and `${{ version }}` filled in',
              ),
            },
            closed('what the tag is called'),
          ),
        ],
        {
          description: `the git tag that a target gets which is a repository itself: \`${defaultTagName}\` when left out, or off`,
        },
      ),
    ),
  },
  closed('how the main project is brought into its targets'),
);
