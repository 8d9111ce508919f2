/** Explains one file of a target: from the rule that brings it, over what main has and what was synced, to what a sync would do. Reads only. */
import type { ComponentFile, ResolvedComponent } from '../../domain/components.ts';
import { LockstepError } from '../../domain/errors.ts';
import { type FileVerdict, recordOf, stateOfRecord } from '../../domain/file-compare.ts';
import { type FileState, sameContent } from '../../domain/file-state.ts';
import { type RootedPath, toAbsolute } from '../../domain/paths.ts';
import type { Decision, ReceiptFile } from '../../domain/receipt.ts';
import { compareComponents } from '../../integrations/compare-components.ts';
import { integrationOf } from '../../integrations/index.ts';
import type { TargetContext } from '../../integrations/target-context.ts';
import type { MainProject } from '../main-project.ts';
import type { Prepared } from '../prepare.ts';
import { notBrought } from './brought.ts';
import { protectedBy, type Rule, ruleOf, whyNotHere } from './rules.ts';
import { lastWriter, type Writer } from './writers.ts';

/** What a sync would do with it; `none` where Lockstep has nothing to say about it. */
export type Would = 'nothing' | 'write' | 'remove' | 'keep' | 'stop' | 'none';

export interface FileExplanation {
  readonly kind: 'file';
  readonly target: string;
  readonly path: RootedPath;
  readonly absolute: string;
  /** null when no component brings it. */
  readonly component: string | null;
  readonly rule: Rule | null;
  /** As the commit has it; null when it is not in main. */
  readonly main: {
    readonly path: string;
    readonly commit: string;
    readonly blob: string;
    readonly state: FileState;
  } | null;
  /** As the receipt says that it was synced last; null when it does not name it. */
  readonly synced: (ReceiptFile & { readonly commit: string }) | null;
  /** What stands there now. */
  readonly standing: FileState;
  /** How that compares with main and with what was synced. */
  readonly equals: { readonly main: boolean | null; readonly synced: boolean | null };
  readonly decision: Decision | null;
  /** The run on record that wrote it last. */
  readonly writer: Writer | null;
  readonly would: Would;
  /** Why. */
  readonly cause: string;
}

/** What all components of a target want, and what its receipt names. */
export interface Claims {
  readonly components: readonly ResolvedComponent[];
  readonly wanted: ReadonlyMap<RootedPath, { readonly component: string; readonly file: ComponentFile }>;
  readonly recorded: ReadonlyMap<
    RootedPath,
    { readonly component: string; readonly record: ReceiptFile; readonly commit: string }
  >;
}

export const claimsOf = (
  { receipt }: Pick<TargetContext, 'receipt'>,
  components: readonly ResolvedComponent[],
): Claims => ({
  components,
  wanted: new Map(
    components.flatMap(({ name, files }) =>
      [...files].map(([path, file]) => [path, { component: name, file }] as const),
    ),
  ),
  recorded: new Map(
    Object.entries(receipt?.components ?? {}).flatMap(([component, { commit, files }]) =>
      Object.entries(files).map(([path, record]) => [path, { component, record, commit }] as const),
    ),
  ),
});

const woulds: Readonly<Record<FileVerdict['verdict'], Would>> = {
  same: 'nothing',
  gone: 'nothing',
  add: 'write',
  update: 'write',
  restored: 'write',
  replaced: 'write',
  remove: 'remove',
  'owner-only': 'keep',
  kept: 'keep',
  'kept-again': 'keep',
  refused: 'stop',
};

interface Verdict {
  readonly would: Would;
  readonly cause: string;
  readonly main: FileState | null;
}

/** The verdict of a sync on one path. A policy that stops the run is told of, not thrown. */
const verdictOn = async (
  context: TargetContext,
  { components }: Claims,
  { component, path }: { readonly component: string; readonly path: RootedPath },
): Promise<Verdict | undefined> => {
  const look = (project: TargetContext['project']) =>
    compareComponents({
      context: { ...context, project },
      all: components,
      names: new Set([component]),
      complete: false,
    });
  let stops: string | undefined;
  const { compared } = await look(context.project).catch((error: unknown) => {
    if (!(error instanceof LockstepError) || error.code !== 'conflict-refused') throw error;
    stops = error.details.find((line) => line.startsWith(`${path}: `))?.slice(path.length + 2);
    const lenient = context.project.components.map((spec) => ({ ...spec, onConflict: 'keep' as const }));
    return look({ ...context.project, components: lenient });
  });
  const found = compared.flatMap(({ verdicts }) => verdicts).find((one) => one.path === path);
  if (found === undefined) return undefined;
  const main = found.desired === undefined ? null : stateOfRecord(recordOf(found.desired));
  if (stops !== undefined) return { would: 'stop', cause: `${stops}; \`on_conflict\` of ${component} is fail`, main };
  const again = found.verdict === 'kept-again' ? ', as was decided before' : '';
  return { would: woulds[found.verdict], cause: `${found.cause}${again}`, main };
};

const packageVerdict = async (context: TargetContext, edited: boolean): Promise<Verdict> => {
  const { state, cause } = await integrationOf(context.layout.type).assess(context);
  const told = `the package: ${cause}`;
  if (state === 'behind')
    return {
      would: 'write',
      cause: `${told}; a sync installs it anew${edited ? ', and judges this edit by `on_conflict`' : ''}`,
      main: null,
    };
  return { would: edited ? 'keep' : 'nothing', cause: edited ? `changed here; ${told}` : told, main: null };
};

const decisionOn = ({ receipt }: TargetContext, path: RootedPath): Decision | null =>
  receipt?.decisions.find((one) => one.path === path && one.key === undefined) ?? null;

/** Explains a path that a component wants, or that the receipt names. */
export const explainFile = async (
  main: MainProject,
  { context, pipeline }: Pick<Prepared, 'context' | 'pipeline'>,
  { claims, path }: { readonly claims: Claims; readonly path: RootedPath },
): Promise<FileExplanation> => {
  const wanted = claims.wanted.get(path);
  const recorded = claims.recorded.get(path);
  const component = wanted?.component ?? recorded?.component ?? null;
  const absolute = toAbsolute(context.layout.roots, path);
  const standing = context.ports.files.state(absolute);
  const synced = recorded === undefined ? null : { ...recorded.record, commit: recorded.commit };
  const asSynced = synced === null ? null : sameContent(standing, stateOfRecord(synced));
  const verdict =
    component === null
      ? undefined
      : component === 'package'
        ? await packageVerdict(context, asSynced === false)
        : await verdictOn(context, claims, { component, path });
  const passed = component === null ? undefined : notBrought(pipeline, component);
  const orphan = `${component} is no component any more: its files stay as they are`;
  return {
    kind: 'file',
    target: context.target.name,
    path,
    absolute,
    component,
    rule: wanted === undefined ? null : (ruleOf(context, { ...wanted, path }) ?? null),
    main:
      wanted === undefined
        ? null
        : {
            path: wanted.file.mainPath,
            commit: context.run.commit,
            blob: wanted.file.blob,
            state: verdict?.main ?? { kind: 'absent' },
          },
    synced,
    standing,
    equals: { main: verdict?.main == null ? null : sameContent(standing, verdict.main), synced: asSynced },
    decision: decisionOn(context, path),
    writer: lastWriter(main, context.target.name, path),
    would: passed === undefined ? (verdict?.would ?? 'none') : 'none',
    cause: passed ?? verdict?.cause ?? orphan,
  };
};

/** Explains a path of a target that no component brings and the receipt does not name. */
export const explainForeign = (context: TargetContext, path: RootedPath): FileExplanation => {
  const absolute = toAbsolute(context.layout.roots, path);
  const glob = protectedBy(context.project, path);
  return {
    kind: 'file',
    target: context.target.name,
    path,
    absolute,
    component: null,
    rule: null,
    main: null,
    synced: null,
    standing: context.ports.files.state(absolute),
    equals: { main: null, synced: null },
    decision: decisionOn(context, path),
    writer: null,
    would: 'none',
    cause:
      glob === undefined
        ? "not Lockstep's: no component brings it, and the receipt does not name it"
        : `protected: it is the target's own place (protect: ${glob})`,
  };
};

/** A file of main that does not come into this target. */
export interface NotSynced {
  readonly kind: 'not-synced';
  readonly target: string;
  readonly main: { readonly path: string; readonly commit: string; readonly blob: string };
  readonly cause: string;
}

/** Explains a file of main that comes nowhere: excluded, not for this type of target, or no component's. */
export const explainNotSynced = (
  context: TargetContext,
  { path, blob, claims }: { readonly path: string; readonly blob: string; readonly claims: Claims },
): NotSynced => ({
  kind: 'not-synced',
  target: context.target.name,
  main: { path, commit: context.run.commit, blob },
  cause: whyNotHere(context, path, claims.components),
});
