/** `docs/events.md`, made of the schema of the event stream. */
import { eventDocs, eventFrame } from '../../src/config/event-schema.ts';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

const typeOf = (schema: Schema): string => {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.patternProperties !== undefined)
    return `map to ${typeOf(Object.values(schema.patternProperties)[0] ?? {})}`;
  return schema.type === undefined ? 'anything' : schema.type === 'string' ? 'text' : schema.type;
};

const meanings = ({ anyOf = [] }: Schema): readonly string[] =>
  anyOf
    .filter((one) => one.const !== undefined && one.description !== undefined)
    .map((one) => `\`${String(one.const)}\` ${one.description}`);

/** Rows of the fields, those of objects under the name of what holds them. */
const rows = (schema: Schema, above = ''): readonly string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${above}${name}`;
    const words = meanings(field);
    const said = [field.description ?? '', ...(words.length === 0 ? [] : [words.join('; ')])]
      .filter((text) => text !== '')
      .join(': ');
    // What stands at a path is told in one line, in its description.
    if (field.anyOf?.some((one) => one.properties?.kind?.const === 'absent'))
      return [`| \`${path}\` | object | ${said} |`];
    const item = field.type === 'array' ? (field.items ?? {}) : field;
    const inner = item.anyOf?.every((one) => one.properties?.kind !== undefined)
      ? item.anyOf.flatMap((one) =>
          rows(one, `${path}${field.type === 'array' ? '[]' : ''}(${String(one.properties?.kind?.const)}).`),
        )
      : rows(
          item.anyOf?.find((one) => one.properties !== undefined) ?? item,
          `${path}${field.type === 'array' ? '[]' : ''}.`,
        );
    const optional = schema.required?.includes(name) ? '' : ', may be left out';
    return [`| \`${path}\` | ${typeOf(field)}${optional} | ${said} |`, ...inner];
  });

const tableOf = (schema: Schema): string =>
  ['| field | type | meaning |', '| --- | --- | --- |', ...rows(schema)].join('\n');

/** Repeats nothing: a plan and a result are told once. */
const shared = new Set(['plan', 'result', 'results']);

const withoutShared = (fields: Readonly<Record<string, Schema>>): Schema => ({
  properties: Object.fromEntries(
    Object.entries(fields).map(([name, field]) =>
      shared.has(name)
        ? [
            name,
            {
              type: field.type ?? 'object',
              items: { type: 'object' },
              description: `see *A ${name === 'plan' ? 'plan' : 'result'}*`,
            },
          ]
        : [name, field],
    ),
  ),
  required: Object.entries(fields)
    .filter(
      ([, field]) => !Object.getOwnPropertySymbols(field).some((mark) => String(mark) === 'Symbol(TypeBox.Optional)'),
    )
    .map(([name]) => name),
});

const head = `# The event stream and the record of a run

Every command that syncs tells what happens as events: the task tree, the plain lines and \`--json\` draw the same ones. With \`--json\`
an event is one line, a JSON object. The schema is \`schemas/events.schema.json\`; this page is made of it.

\`v\` is the version of the stream. It changes when a field changes its meaning or goes; new kinds and new fields may come at any time, so
pass over what you do not know. A record of a newer version is refused by name, never guessed at.

No event holds a secret: values under the keys that \`secrets:\` names, values of environment variables of such names, and passwords in URLs
are \`•••\`, also in what programs print. What nothing names as secret, and what a program prints in another form than it was given
(encoded, cut in pieces), cannot be known to be one.

## What is kept of a run

\`$(git rev-parse --git-common-dir)/lockstep/runs/\` holds:

| file | holds |
| --- | --- |
| \`<id>/run.json\` | format, when it was started, commit, targets, reason, and the process that ran it: a run without a result whose process is over was cut off |
| \`<id>/plan.json\` | format, and the plan of every target, as in \`target.planned\` |
| \`<id>/events.ndjson\` | the events, without \`step.output\` |
| \`<id>/output/<target>/<step>.log\` | what pip, builds and commands printed in a step: the first and the last 262144 characters, and a line that says how much is missing between them |
| \`<id>/result.json\` | format, started, finished, commit, reason, exit code, and the results as in \`run.finished\`; written last |
| \`log.ndjson\` | one line a run, also of those that had nothing to do and so have no folder; the newest of at most 512 kB |

Times are ISO 8601, UTC. \`lockstep sync runs\`, \`sync show\`, \`sync logs\` and \`sync explain\` read these files and write nothing.

\`runs: { keep_last: 50, keep_within: 90d }\` in \`sync.config.yaml\` says how long records are kept: one that is neither among the newest nor young
enough goes at the end of the next run. Never while the receipt of a target names it, a decision that was made in it stands, a backup was made
in it, its journal waits for \`sync recover\`, or its process may still be running; and nothing goes that could be referred to by what cannot be read.
`;

/** The page. */
export const eventsPage = (): string =>
  [
    head,
    '## In every event\n',
    tableOf({
      properties: {
        kind: { type: 'string', description: 'one of those below' },
        ...(eventFrame as unknown as Record<string, Schema>),
      },
      required: ['kind', 'v', 'time', 'run'],
    }),
    '\n## Kinds',
    ...Object.entries(eventDocs).flatMap(([kind, { says, fields }]) => [
      `\n### \`${kind}\`\n\n${says}\n`,
      tableOf(withoutShared(fields as unknown as Record<string, Schema>)),
    ]),
    '\n## A plan\n',
    tableOf(eventDocs['target.planned'].fields.plan as unknown as Schema),
    '\n## A result\n',
    tableOf(eventDocs['target.finished'].fields.result as unknown as Schema),
    '',
  ].join('\n');
