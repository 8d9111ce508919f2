/** The effective pipeline as YAML that loads again as the same one, each line with the place that it came from. */
import { Document, stringify } from 'yaml';
import type { YamlFile, YamlPath } from '../config/yaml-file.ts';
import { formatDuration } from '../domain/duration.ts';
import { isSecret, mask, withoutUserInfo } from '../domain/secrets.ts';
import { isMap } from './complaints.ts';
import { decidedIn, type Entry, originOf } from './extend.ts';
import type { LoadedPipeline } from './load.ts';
import type { Origin, PipelineStep } from './pipeline.ts';
import { isTemplate } from './templates.ts';
import type { Written } from './written.ts';

type Scalar = string | number | boolean | null;

/** A value that knows where it was written. */
type Node = { readonly origin: Origin } & (
  | { readonly kind: 'scalar'; readonly value: Scalar }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Node])[] }
);

/** A line of the shown text; without an origin where several lines below it have their own. */
export interface ShownLine {
  readonly text: string;
  readonly origin: Origin | undefined;
}

/** A value of the effective pipeline, by JSON pointer, and where it stands. */
export interface ShownOrigin extends Origin {
  readonly pointer: string;
}

interface Source {
  readonly file: YamlFile;
  readonly path: YamlPath;
  /** Keys from the step down: what is under a secret one is not shown. */
  readonly keys: readonly string[];
  readonly secrets: readonly string[];
}

const shownText = (text: string, { keys, secrets }: Pick<Source, 'keys' | 'secrets'>): string =>
  isSecret(keys, secrets) && !isTemplate(text) ? mask : withoutUserInfo(text);

const nodeOf = (value: unknown, source: Source, part: 'key' | 'value' = 'key'): Node => {
  const { file, path, keys } = source;
  const origin = originOf({ file, path }, part);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => nodeOf(item, { ...source, path: [...path, index] }, 'value'));
    return { origin, kind: 'list', items };
  }
  if (isMap(value)) {
    const entries = Object.entries(value).map(
      ([key, inner]) => [key, nodeOf(inner, { ...source, path: [...path, key], keys: [...keys, key] })] as const,
    );
    return { origin, kind: 'map', entries };
  }
  if (typeof value === 'string') return { origin, kind: 'scalar', value: shownText(value, source) };
  return { origin, kind: 'scalar', value: value as Scalar };
};

const scalar = (value: Scalar, origin: Origin): Node => ({ origin, kind: 'scalar', value });

interface Around {
  readonly files: readonly Written[];
  readonly secrets: readonly string[];
}

/** The value of `defaults` that a step takes over. */
const defaultNode = ({ files, secrets }: Around, path: readonly string[]): Node | undefined => {
  const found = files
    .map(({ yaml, map }) => ({
      yaml,
      value: path.reduce<unknown>((at, key) => (isMap(at) ? at[key] : undefined), map),
    }))
    .find(({ value }) => value !== undefined);
  if (found === undefined) return undefined;
  return nodeOf(found.value, { file: found.yaml, path, keys: path.slice(1), secrets });
};

const ownKeys = ['uses', 'run', 'shell', 'with', 'writes', 'outputs', 'idempotent', 'if'] as const;

const stepNode = (entry: Entry, step: PipelineStep, around: Around): Node => {
  const { file, path } = entry;
  const value = isMap(entry.value) ? entry.value : {};
  const given = (key: string): Node | undefined =>
    value[key] === undefined || value[key] === null
      ? undefined
      : nodeOf(value[key], { file, path: [...path, key], keys: [key], secrets: around.secrets });
  const own = isMap(value.env) ? value.env : {};
  const env = Object.keys(step.env).flatMap((name) => {
    const node = Object.hasOwn(own, name)
      ? nodeOf(own[name], { file, path: [...path, 'env', name], keys: ['env', name], secrets: around.secrets })
      : defaultNode(around, ['defaults', 'env', name]);
    return node === undefined ? [] : [[name, node] as const];
  });
  const settled = (key: string, holds: boolean): Node | undefined =>
    given(key) ?? (holds ? defaultNode(around, ['defaults', key]) : undefined);
  const work = originOf({ file, path: [...path, value.uses === undefined ? 'run' : 'uses'] });
  const entries: readonly (readonly [string, Node | undefined])[] = [
    ['id', given('id') ?? scalar(step.id, work)],
    ...ownKeys.map((key) => [key, given(key)] as const),
    ['env', env.length === 0 ? undefined : { origin: env[0]?.[1].origin ?? work, kind: 'map', entries: env }],
    ['timeout', settled('timeout', step.timeout !== undefined)],
    ['retry', settled('retry', step.retry !== undefined)],
    ['continue_on_error', settled('continue_on_error', step.continueOnError)],
  ];
  return {
    origin: step.origin,
    kind: 'map',
    entries: entries.flatMap(([key, node]) => (node === undefined ? [] : [[key, node] as const])),
  };
};

/** A step that no file says. */
const impliedNode = (step: PipelineStep): Node => ({
  origin: step.origin,
  kind: 'map',
  entries: [
    ['id', scalar(step.id, step.origin)],
    ['uses', scalar(step.uses, step.origin)],
    ...(step.timeout === undefined ? [] : [['timeout', scalar(formatDuration(step.timeout), step.origin)] as const]),
  ],
});

const pipelineNode = ({ pipeline, files, effective }: LoadedPipeline, secrets: readonly string[]): Node => {
  const around: Around = { files, secrets };
  const listNode = (key: string, steps: readonly PipelineStep[], written: readonly Entry[] | undefined): Node => {
    const place = decidedIn(files, key);
    const items = steps.map((step, index) => {
      const entry = written?.[index];
      return entry === undefined ? impliedNode(step) : stepNode(entry, step, around);
    });
    return { origin: place === undefined ? { file: 'default', line: 0 } : originOf(place), kind: 'list', items };
  };
  const own = files[0];
  const head = (key: 'name' | 'description'): readonly (readonly [string, Node])[] =>
    own?.map[key] === undefined
      ? []
      : [[key, nodeOf(own.map[key], { file: own.yaml, path: [key], keys: [], secrets })]];
  return {
    origin: { file: pipeline.file, line: 1 },
    kind: 'map',
    entries: [
      ...head('name'),
      ...head('description'),
      ['steps', listNode('steps', pipeline.steps, effective.steps)],
      ['on_failure', listNode('on_failure', pipeline.onFailure, effective.onFailure)],
      ...(pipeline.always.length === 0
        ? []
        : [['always', listNode('always', pipeline.always, effective.always)] as const]),
    ],
  };
};

const inline = (value: Scalar): string => {
  const text = stringify(value, { lineWidth: 0 }).trimEnd();
  // One line is one place: what YAML would spread over several is written as JSON, which is YAML too.
  return text.includes('\n') ? JSON.stringify(value) : text;
};

const longestFlow = 90;

/** `[a, b]`; undefined where the items have places of their own, or would not fit. */
const flow = ({ items, origin }: Node & { readonly kind: 'list' }): string | undefined => {
  const values = items.flatMap((item) => (item.kind === 'scalar' ? [item.value] : []));
  const here = items.every((item) => item.origin.line === origin.line && item.origin.file === origin.file);
  if (values.length < items.length || !here) return undefined;
  const document = new Document(values, { flow: true });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
  return text.includes('\n') || text.length > longestFlow ? undefined : text;
};

/** `lead` is what stands before the value on its first line, such as `  - id: `. */
const linesOf = (node: Node, lead: string, indent: string): readonly ShownLine[] => {
  const { origin } = node;
  if (node.kind === 'scalar') return [{ text: `${lead}${inline(node.value)}`, origin }];
  if (node.kind === 'list') {
    const short = flow(node);
    if (short !== undefined) return [{ text: `${lead}${short}`, origin }];
    return [
      { text: lead.trimEnd(), origin },
      ...node.items.flatMap((item) => linesOf(item, `${indent}- `, `${indent}  `)),
    ];
  }
  if (node.entries.length === 0) return [{ text: `${lead}{}`, origin }];
  const listed = lead.endsWith('- ');
  const rows = node.entries.flatMap(([key, inner], index) => {
    const before = listed && index === 0 ? lead : indent;
    return linesOf(inner, `${before}${inline(key)}: `, `${indent}  `);
  });
  return listed || lead === '' ? rows : [{ text: lead.trimEnd(), origin }, ...rows];
};

/** The effective pipeline, line by line. Values under secret keys are `•••`. */
export const showPipeline = (loaded: LoadedPipeline, secrets: readonly string[]): readonly ShownLine[] =>
  linesOf(pipelineNode(loaded, secrets), '', '');

const plain = (node: Node): unknown => {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(([key, inner]) => [key, plain(inner)]));
};

const pointers = (node: Node, pointer: string): readonly ShownOrigin[] => {
  if (node.kind === 'scalar') return [{ pointer, ...node.origin }];
  const parts: readonly (readonly [string, Node])[] =
    node.kind === 'map' ? node.entries : node.items.map((item, index) => [String(index), item] as const);
  return parts.flatMap(([key, inner]) =>
    pointers(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
};

/** The same for programs: the value, and where each of its parts stands. */
export const pipelineValue = (
  loaded: LoadedPipeline,
  secrets: readonly string[],
): { readonly value: unknown; readonly origins: readonly ShownOrigin[] } => {
  const node = pipelineNode(loaded, secrets);
  return { value: plain(node), origins: pointers(node, '') };
};
