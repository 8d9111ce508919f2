import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../src/domain/events.ts';
import type { FileAction, StepPlan, TargetPlan } from '../../src/domain/plan.ts';
import type { Pipeline, PipelineStep } from '../../src/pipeline/pipeline.ts';
import { planTarget } from '../../src/pipeline/plan.ts';
import { type RunEnd, runTarget } from '../../src/pipeline/run.ts';
import { backup } from '../../src/steps/backup.ts';
import type { StepKind } from '../../src/steps/step.ts';
import { situationOf } from '../fixtures/document-target.ts';
import { commit, initRepo, put, temporary } from '../fixtures/sandbox.ts';
import { change, diskPorts, fileOf, openIn, receiptOf } from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

type Apply = NonNullable<StepKind['apply']>;

const kind = (name: string, more: Partial<StepKind> = {}): StepKind => ({
  name,
  summary: name,
  with: {} as StepKind['with'],
  mutates: false,
  idempotent: true,
  plan: async (_context, _options, id) => planOf(id, name, []),
  ...more,
});

const planOf = (id: string, uses: string, actions: readonly FileAction[]): StepPlan => ({
  id,
  uses,
  actions,
  skipped: null,
  patch: {},
  warnings: [],
});

const step = (id: string, more: Partial<PipelineStep> = {}): PipelineStep => ({
  id,
  uses: id,
  with: {},
  env: {},
  continueOnError: false,
  origin: { file: 'test', line: 1 },
  ...more,
});

/** A target with one document, and a pipeline whose step `write` changes it; `steps` come after it. */
const world = () => {
  const dir = temporary('run');
  const target = join(dir, 'target');
  const main = initRepo(join(dir, 'main'));
  put(main, { 'docs/a.md': 'new\n' });
  commit(main, 'docs: first');
  put(target, { 'docs/a.md': 'old\n' });
  const abort = new AbortController();
  const { context } = situationOf({ main, target });
  const write = change({ target }, 'docs/a.md', fileOf('new\n'));
  const start = async (
    steps: readonly PipelineStep[],
    kinds: readonly StepKind[],
    onFailure: readonly PipelineStep[] = [],
  ): Promise<{ end: RunEnd; finished: readonly string[] }> => {
    const events: EventBody[] = [];
    const all = [step('write'), ...steps];
    const plan: TargetPlan = {
      target: 'app',
      commit: context.run.commit,
      base: null,
      full: false,
      reason: null,
      steps: all.map(({ id, uses }) => planOf(id, uses, id === 'write' ? [write] : [])),
    };
    const pipeline: Pipeline = { name: 'test', file: 'test', steps: all, onFailure, always: [] };
    const end = await runTarget({
      pipeline,
      plan,
      context: { ...context, ports: { ...context.ports, ...diskPorts() }, signal: abort.signal },
      kinds: [kind('write', { mutates: true }), ...kinds],
      contents: new Map(
        write.after.kind === 'file' ? [[write.after.sha256, { from: 'bytes', bytes: Buffer.from('new\n') }]] : [],
      ),
      transaction: openIn(dir),
      receipt: receiptOf('run-1'),
      changes: { touches: () => true, has: () => true, priority: '', count: 0 },
      env: {},
      emit: (event) => void events.push(event),
    });
    const finished = events.flatMap((event) =>
      event.kind === 'step.finished' ? [`${event.step} ${event.outcome}`] : [],
    );
    return { end, finished };
  };
  return { abort, start, lines: () => treeLines(target) };
};

const fails: Apply = async () => {
  throw new Error('it failed');
};

describe('a run', () => {
  it('ends as planned, with its receipt', async () => {
    const { start, lines } = world();
    const before = lines();
    expect((await start([], [])).end).toMatchObject({ outcome: 'done', failedStep: null });
    expect(lines()).not.toEqual(before);
  });

  it('that fails is as before, also when nothing under on_failure rolls back', async () => {
    const { start, lines } = world();
    const before = lines();
    const { end, finished } = await start(
      [step('check'), step('later')],
      [kind('check', { apply: fails }), kind('later')],
    );
    expect(end).toMatchObject({ outcome: 'undone', failedStep: 'check', undo: { restored: 1, left: [] } });
    expect(finished).toEqual(['write done', 'check failed']);
    expect(lines()).toEqual(before);
  });

  it('that fails is as before, also when a step under on_failure fails too', async () => {
    const { start, lines } = world();
    const before = lines();
    const kinds = [kind('check', { apply: fails }), kind('tell', { apply: fails })];
    const { end } = await start([step('check')], kinds, [step('tell')]);
    expect(end).toMatchObject({ outcome: 'undone', warnings: ['on_failure tell: it failed'] });
    expect(lines()).toEqual(before);
  });

  it('that is interrupted in a step is as before', async () => {
    const { abort, start, lines } = world();
    const before = lines();
    const apply: Apply = async ({ signal }) => {
      abort.abort();
      signal.throwIfAborted();
    };
    const { end } = await start([step('check')], [kind('check', { apply })]);
    expect(end).toMatchObject({ outcome: 'interrupted', failedStep: 'check' });
    expect(lines()).toEqual(before);
  });

  it('that is interrupted while its last step ends does not commit', async () => {
    const { abort, start, lines } = world();
    const before = lines();
    const apply: Apply = async () => abort.abort();
    expect((await start([step('check')], [kind('check', { apply })])).end).toMatchObject({ outcome: 'interrupted' });
    expect(lines()).toEqual(before);
  });
});

describe('a step', () => {
  const counted = () => {
    let count = 0;
    const apply: Apply = async () => {
      count += 1;
      throw new Error('it failed');
    };
    return { apply, count: () => count };
  };
  const retry = { max: 2, backoff: 0 };

  it('is tried again as often as asked for', async () => {
    const { apply, count } = counted();
    await world().start([step('check', { retry })], [kind('check', { apply })]);
    expect(count()).toBe(3);
  });

  it('that may not run twice is tried once, whatever the pipeline asks for', async () => {
    const { apply, count } = counted();
    await world().start([step('check', { retry })], [kind('check', { apply, idempotent: false })]);
    expect(count()).toBe(1);
  });

  it('that changes nothing may fail with a warning', async () => {
    const { end, finished } = await world().start(
      [step('check', { continueOnError: true })],
      [kind('check', { apply: fails })],
    );
    expect(end).toMatchObject({ outcome: 'done', warnings: ['check: it failed'] });
    expect(finished).toEqual(['write done', 'check warned']);
  });

  it('that changes the target stops the run, whatever continue_on_error says', async () => {
    const { start, lines } = world();
    const before = lines();
    const { end } = await start(
      [step('check', { continueOnError: true })],
      [kind('check', { apply: fails, mutates: true })],
    );
    expect(end).toMatchObject({ outcome: 'undone', failedStep: 'check' });
    expect(lines()).toEqual(before);
  });
});

it('plans the backup when all that will be touched is known, wherever it stands', async () => {
  const dir = temporary('plan');
  const main = initRepo(join(dir, 'main'));
  put(main, { 'docs/a.md': 'new\n' });
  commit(main, 'docs: first');
  const target = join(dir, 'target');
  mkdirSync(target);
  const seen: string[][] = [];
  const watching: StepKind = {
    ...backup,
    plan: async (context, _options, id) => {
      seen.push(context.planned.map((one) => one.id));
      return planOf(id, 'backup', []);
    },
  };
  const { context } = situationOf({ main, target });
  const plan = await planTarget({
    pipeline: { name: 'test', file: 'test', steps: [step('backup'), step('write')], onFailure: [], always: [] },
    context,
    kinds: [watching, kind('write')],
    changes: { touches: () => true, has: () => true, priority: '', count: 0 },
    env: {},
  });
  expect(seen).toEqual([['write']]);
  expect(plan.steps.map(({ id }) => id)).toEqual(['backup', 'write']);
});
