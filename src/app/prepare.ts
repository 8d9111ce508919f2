/** Gathers what planning one target needs. Reads only. */
import type { ChangeSet } from '../domain/change.ts';
import { pathsOf } from '../domain/changes.ts';
import { componentsOf } from '../domain/concerns.ts';
import { forTarget } from '../domain/errors.ts';
import type { Content } from '../domain/plan.ts';
import type { TargetLayout, TargetRecord } from '../domain/target.ts';
import { pipelineFor } from '../domain/team-types.ts';
import { integrationOf } from '../integrations/index.ts';
import type { RunFacts, TargetContext } from '../integrations/target-context.ts';
import { compileCommitRule } from '../pipeline/commit-rules.ts';
import type { ChangesView, Pipeline } from '../pipeline/pipeline.ts';
import type { MainTree } from '../store/main-tree.ts';
import type { WheelStore } from '../store/wheels.ts';
import { detectChanges, fullSyncReason, reasonOf } from './detect.ts';
import { filesContext, groundOfLook, type LookRequest } from './files-context.ts';
import { layoutOf } from './layouts.ts';
import { pipelineNamed } from './main-pipelines.ts';
import type { MainProject } from './main-project.ts';
import { receiptWithin } from './synced-state.ts';

export interface PrepareRequest {
  readonly main: MainProject;
  readonly record: TargetRecord;
  readonly tree: MainTree;
  readonly wheels: WheelStore;
  readonly run: RunFacts;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface Prepared {
  readonly record: TargetRecord;
  readonly layout: TargetLayout;
  readonly context: TargetContext;
  readonly contents: Map<string, Content>;
  readonly pipeline: Pipeline;
  readonly changes: ChangesView;
}

const categoriesOf = (changes: ChangeSet): ReadonlySet<string> =>
  new Set(changes.records.flatMap((record) => record.category ?? []));

/** Whether main moved under a component's sources since the receipt, or the target cannot be said to have it. */
const touched = ({ changes, project, receipt, layout }: TargetContext, component: string): boolean => {
  if (changes.unknown !== null || receipt === undefined) return true;
  // Rolled back or brought forward alone: the changes since the receipt's commit are not those that it lacks.
  const own = receipt.components[component];
  if (own !== undefined && own.commit !== receipt.commit) return true;
  const holding = componentsOf(project, layout.type);
  return changes.records.some((record) =>
    record.files.some((file) => pathsOf(file).some((path) => holding(path).includes(component))),
  );
};

/** Throws what finding, reading or validating throws, with the target filled in. */
export const prepareTarget = async (request: PrepareRequest): Promise<Prepared> => {
  const { main, record, tree, run } = request;
  try {
    const layout = await layoutOf(main, record);
    const receipt = receiptWithin(main, layout);
    const rules = main.project.commitRules.map((rule) => ({ rule, holds: compileCommitRule(rule.if) }));
    const changes = await detectChanges({
      repo: main.repo,
      base: { receiptCommit: receipt?.commit },
      commit: run.commit,
      project: main.project,
      matches: (rule, commit) => rules.find((entry) => entry.rule === rule)?.holds(commit) ?? false,
    });
    const contents = new Map<string, Content>();
    const fullReason = fullSyncReason({
      receipt,
      version: run.version,
      previousVersion: receipt?.version ?? null,
      reason: run.reason,
    });
    const reason = reasonOf(run.reason, fullReason);
    const facts = { ...run, full: run.full || fullReason !== null, reason };
    const { signal, env, wheels } = request;
    const ground = { main, record, layout, receipt, tree, wheels, run: facts, contents, signal, env };
    const context: TargetContext = { ...filesContext(ground), changes };
    const packageState = await integrationOf(layout.type).assess(context);
    const categories = categoriesOf(changes);
    return {
      record,
      layout,
      context,
      contents,
      pipeline: pipelineNamed(main, pipelineFor(main.project, record)),
      changes: {
        touches: (component) =>
          touched(context, component) ||
          (component === 'package' &&
            (packageState.besides !== undefined ||
              (packageState.state !== 'in-step' && packageState.state !== 'linked'))),
        has: (category) => changes.unknown !== null || categories.has(category),
        priority: changes.priority ?? '',
        count: changes.records.reduce((sum, entry) => sum + entry.files.length, 0),
      },
    };
  } catch (error) {
    throw forTarget(error, record.name);
  }
};

/** As `prepareTarget`, for looking at a target outside of a run: what has to be built lands in scratch. */
export const prepareLook = (main: MainProject, request: LookRequest): Promise<Prepared> => {
  const { record, signal, env } = request;
  return prepareTarget({ main, record, ...groundOfLook(main, request), signal, env });
};
