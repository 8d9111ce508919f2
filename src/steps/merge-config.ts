/** Merges main's configuration files into the target's, keeping its comments, order and own values. */
import { Type } from '@sinclair/typebox';
import type { FileAction, ReceiptPatch } from '../domain/plan.ts';
import type { Decision, Receipt, ReceiptConfig } from '../domain/receipt.ts';
import { type ConfigFilePlan, planConfig } from './merge-config/plan.ts';
import type { StepKind } from './step.ts';

const actionOf = (plan: ConfigFilePlan): FileAction => ({
  kind: 'file',
  component: 'config',
  path: plan.path,
  before: plan.before,
  after: plan.after,
  cause: plan.cause,
  ...(plan.action === 'merge' ? { keys: [...plan.changes, ...plan.kept] } : {}),
  ...(plan.blob === undefined ? {} : { blob: plan.blob }),
});

const sameEntry = (a: ReceiptConfig, b: ReceiptConfig | undefined): boolean =>
  b !== undefined && a.from === b.from && a.blob === b.blob && a.salt === b.salt;

const inOrder = (decisions: readonly Decision[]): string =>
  JSON.stringify(decisions.map((one) => JSON.stringify(one)).sort());

/** What the receipt does not say yet; empty when it says all of it. */
const patchOf = (plans: readonly ConfigFilePlan[], receipt: Receipt | undefined): ReceiptPatch => {
  const moved = plans.filter(({ path, entry, decisions }) => {
    const before = (receipt?.decisions ?? []).filter((decision) => decision.path === path);
    if (entry !== undefined && !sameEntry(entry, receipt?.config[path])) return true;
    return inOrder(before) !== inOrder(decisions);
  });
  if (moved.length === 0) return {};
  const config = moved.flatMap(({ path, entry }) => (entry === undefined ? [] : [[path, entry] as const]));
  return { config: Object.fromEntries(config), decisions: moved.flatMap((plan) => plan.decisions) };
};

export const mergeConfigStep: StepKind = {
  name: 'merge-config',
  summary: "Merges main's configuration files into the target's, key by key, keeping comments and the owner's values.",
  with: Type.Object({}, { additionalProperties: false }),
  mutates: true,
  idempotent: true,
  async plan(context, _options, id) {
    const { only } = context.run;
    const skip = (skipped: string) => ({ id, uses: 'merge-config', actions: [], skipped, patch: {}, warnings: [] });
    if (only !== null && !only.includes('config')) return skip(`only ${only.join(', ')} asked for`);
    if (context.project.config.length === 0) return skip('sync.config.yaml names no configuration files');
    const plans = await planConfig(context, 'quick');
    if (plans.length === 0) return skip(`no configuration file goes into ${context.layout.type} targets`);
    const writing = plans.filter((plan) => plan.action !== 'none');
    for (const { after, bytes } of writing) {
      if (after.kind === 'file' && bytes !== undefined) context.provide(after.sha256, { from: 'bytes', bytes });
    }
    return {
      id,
      uses: 'merge-config',
      actions: writing.map(actionOf),
      skipped: writing.length > 0 ? null : 'every configuration file is in step',
      patch: patchOf(plans, context.receipt),
      warnings: plans.flatMap((plan) => plan.warnings),
    };
  },
};
