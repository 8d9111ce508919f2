/** Gathers what naming the files of a target takes, and no more: main is not compared, the package not assessed, no pipeline read. */
import { runFacts, targetFacts } from '../config/facts.ts';
import { forTarget } from '../domain/errors.ts';
import type { Content } from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetLayout, TargetRecord } from '../domain/target.ts';
import { projectFor } from '../domain/team-types.ts';
import type { FilesContext, RunFacts } from '../integrations/target-context.ts';
import { fillTemplate } from '../pipeline/templates.ts';
import { type MainTree, openMainTree } from '../store/main-tree.ts';
import { openWheels, type WheelStore } from '../store/wheels.ts';
import { layoutOf } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { receiptWithin } from './synced-state.ts';

/** What looking at a target needs; planning it writes to no root and to no state. */
export interface LookRequest {
  readonly record: TargetRecord;
  /** The commit that it is compared with. */
  readonly commit: string;
  /** What the look is for: stands where a run's id would. */
  readonly purpose: string;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** For a look outside of a run: what has to be built lands in scratch. */
export const groundOfLook = (main: MainProject, { commit, purpose }: LookRequest) => ({
  tree: openMainTree(main.repo, commit),
  wheels: openWheels({ ports: main.ports, places: main.state, persist: 'scratch' }),
  run: { id: purpose, commit, full: false, reason: null, version: null, only: null, complete: false },
});

export interface FilesGround {
  readonly main: MainProject;
  readonly record: TargetRecord;
  readonly layout: TargetLayout;
  readonly receipt: Receipt | undefined;
  readonly tree: MainTree;
  readonly wheels: WheelStore;
  readonly run: RunFacts;
  /** Where planned bytes come from, by sha256: filled as they are named. */
  readonly contents: Map<string, Content>;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export const filesContext = ({ main, record, layout, run, contents, env, ...ground }: FilesGround): FilesContext => {
  const variables = { target: targetFacts({ target: record, layout }), run: runFacts(run), env };
  return {
    run,
    project: projectFor(main.project, record.type),
    target: record,
    layout,
    receipt: ground.receipt,
    main: ground.tree,
    ports: main.ports,
    backups: main.backups,
    wheels: ground.wheels,
    fill: (template) => fillTemplate(template, variables),
    provide: (digest, content) => void contents.set(digest, content),
    signal: ground.signal,
  };
};

/** Throws what finding the target and reading its receipt throws, with the target filled in. */
export const lookAtFiles = async (main: MainProject, request: LookRequest): Promise<FilesContext> => {
  const { record, signal, env } = request;
  try {
    const layout = await layoutOf(main, record);
    const receipt = receiptWithin(main, layout);
    const ground = groundOfLook(main, request);
    return filesContext({ main, record, layout, receipt, ...ground, contents: new Map(), signal, env });
  } catch (error) {
    throw forTarget(error, record.name);
  }
};
