import { join } from 'node:path';
import fse from 'fs-extra';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet } from '../../src/domain/change.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { EventBody } from '../../src/domain/events.ts';
import type { StepPlan } from '../../src/domain/plan.ts';
import type { Project } from '../../src/domain/project.ts';
import { type Receipt, receiptFormat } from '../../src/domain/receipt.ts';
import { detect } from '../../src/steps/detect.ts';
import { diagnose } from '../../src/steps/diagnose.ts';
import { stepKinds } from '../../src/steps/index.ts';
import { rollback } from '../../src/steps/rollback.ts';
import type { ApplyContext } from '../../src/steps/step.ts';
import { tag } from '../../src/steps/tag.ts';
import { verify } from '../../src/steps/verify.ts';
import { situationOf, syncDocuments, type World } from '../fixtures/document-target.ts';
import { commit, initRepo, put, temporary } from '../fixtures/sandbox.ts';

let main: string;
let target: string;

beforeEach(() => {
  const dir = temporary('kinds');
  main = initRepo(join(dir, 'main'));
  target = join(dir, 'app');
  fse.ensureDirSync(target);
  put(main, { 'docs/a.md': 'a' });
  commit(main, 'docs: one');
});

const receipt: Receipt = {
  format: receiptFormat,
  project: 'opencode',
  target: 'app',
  commit: null,
  version: 'v1.0.0',
  run: 'r',
  time: '',
  components: {},
  config: {},
  decisions: [],
};

const at = (more: Partial<World> = {}) => situationOf({ main, target, ...more }).context;

const applied = (world: Partial<World>, more: Partial<ApplyContext> = {}) => {
  const events: EventBody[] = [];
  const context: ApplyContext = {
    ...at(world),
    plan: [],
    content: () => Promise.reject(new Error('no content')),
    swap: async () => undefined,
    undo: async () => undefined,
    pendingReceipt: () => receipt,
    outputs: new Map(),
    emit: (event) => void events.push(event),
    failure: null,
    ...more,
  };
  return { context, events };
};

describe('verify', () => {
  const suite = (...programs: string[]): Project['suites'] => ({
    core: programs.map((program) => ({ name: program, uses: 'command', with: { argv: [program] } })),
  });
  const run = async (suites: Project['suites'], options: Readonly<Record<string, unknown>> = { suites: ['core'] }) => {
    const world = { project: { suites } };
    const plan = await verify.plan(at(world), options, 'verify');
    const { context, events } = applied(world);
    await verify.apply?.(context, plan);
    return { plan, events, outputs: context.outputs };
  };

  it('names the suites in the plan, and keeps the report when all passed', async () => {
    const { plan, outputs, events } = await run(suite('true'));
    expect(plan.actions).toEqual([{ kind: 'note', sign: '=', text: 'verify core (1 check)' }]);
    expect(outputs.get('verify')).toMatchObject({ report: { passed: true } });
    expect(events).toMatchObject([{ kind: 'check.finished', outcome: 'passed' }]);
  });

  it('fails the run for a failed check, with the cause of each', async () => {
    await expect(run(suite('true', 'false'))).rejects.toMatchObject({
      code: 'verify-failed',
      message: '1 of 2 checks failed: false',
      details: ['core: false: exit 1'],
    });
  });

  it('fails the run for a check that could not run, unless a warning was asked for', async () => {
    await expect(run(suite('no-such-program-here'))).rejects.toMatchObject({ code: 'verify-unknown' });
    const { events } = await run(suite('no-such-program-here'), { suites: ['core'], unknown: 'warn' });
    expect(events.at(-1)).toMatchObject({
      kind: 'target.warning',
      text: '1 of 1 checks could not run: no-such-program-here',
    });
    await expect(
      run(suite('no-such-program-here', 'false'), { suites: ['core'], unknown: 'warn' }),
    ).rejects.toMatchObject({
      code: 'verify-failed',
    });
  });

  it('refuses an unknown suite while planning', async () => {
    await expect(verify.plan(at(), { suites: ['dcos'] }, 'v')).rejects.toMatchObject({
      code: 'unknown-name',
      hint: 'did you mean docs?',
    });
  });

  it('judges by the receipt to come, and after a failure by the one that stands', async () => {
    const suites = { docs: [{ name: 'whole', uses: 'complete', with: {} }] };
    const first = await syncDocuments({ main, target });
    put(target, { 'docs/a.md': 'mine' });
    const second = await syncDocuments({ main, target, receipt: first.receipt });
    const world = { project: { suites }, receipt: first.receipt };
    const plan = await verify.plan(at(world), { suites: ['docs'] }, 'verify');
    const going = applied(world, { pendingReceipt: () => second.receipt });
    await expect(verify.apply?.(going.context, plan)).resolves.toBeUndefined();
    const failed = applied(world, { pendingReceipt: () => second.receipt, failure: new Error('x') });
    await expect(verify.apply?.(failed.context, plan)).rejects.toMatchObject({ code: 'verify-failed' });
  });
});

describe('detect', () => {
  const changes: ChangeSet = {
    base: 'b'.repeat(40),
    commit: 'c'.repeat(40),
    unknown: null,
    priority: 'high',
    records: [
      {
        category: 'docs',
        priority: 'high',
        cause: 'docs: high',
        files: [{ path: 'docs/a.md', status: 'modified' }],
        commits: [],
      },
      {
        category: null,
        priority: 'medium',
        cause: 'in no category',
        files: [{ path: 'x', status: 'added' }],
        commits: [],
      },
    ],
  };

  it('tells what changed by category, and skips when nothing did', async () => {
    const plan = await detect.plan({ ...at(), changes }, {}, 'detect');
    expect(plan.actions.map((action) => (action.kind === 'note' ? action.text : ''))).toEqual([
      '2 files changed in main, bbbbbbbbbb..cccccccccc, priority high',
      'docs: 1 file, high (docs: high)',
      'no category: 1 file, medium (in no category)',
    ]);
    const none = await detect.plan({ ...at(), changes: { ...changes, records: [], priority: null } }, {}, 'detect');
    expect(none).toMatchObject({ actions: [], skipped: 'nothing changed in main since bbbbbbbbbb' });
  });

  it('says why everything counts as changed', async () => {
    const unknown = { ...changes, base: null, unknown: 'no receipt' };
    const plan = await detect.plan({ ...at(), changes: unknown }, {}, 'detect');
    expect(plan.actions[0]).toEqual({ kind: 'note', sign: '?', text: 'all counts as changed: no receipt' });
  });
});

describe('tag', () => {
  const plan = (version: string | null, given: Readonly<Record<string, unknown>> = {}): Promise<StepPlan> =>
    tag.plan(at({ receipt, run: { version } }), given, 'tag');

  it('hands the run’s version to the receipt, or the one it is given', async () => {
    expect(await plan('v1.1.0')).toMatchObject({
      patch: { version: 'v1.1.0' },
      actions: [{ text: 'tag v1.1.0 (was v1.0.0)' }],
    });
    expect((await plan('v1.1.0', { version: 'mine' })).patch).toEqual({ version: 'mine' });
  });

  it('skips what is tagged so already, and a main without tags, saying which', async () => {
    expect(await plan('v1.0.0')).toMatchObject({ patch: {}, skipped: 'it is tagged v1.0.0 already' });
    expect(await plan(null)).toMatchObject({ patch: {}, skipped: "no tag of main reaches the run's commit" });
  });
});

describe('after a failure', () => {
  it('diagnose tells the error with its details, its cause and what may help', async () => {
    const failure = new LockstepError('target-changed', 'docs/a.md changed', {
      details: ['a', 'b'],
      cause: new Error('deeper'),
    });
    const { context, events } = applied({}, { failure });
    await diagnose.apply?.(context, await diagnose.plan(context as never, {}, 'diagnose'));
    expect(events).toMatchObject([
      {
        kind: 'step.output',
        step: 'diagnose',
        text: expect.stringMatching(/^docs\/a\.md changed \(target-changed\)\na\nb\nbecause: deeper\nwhat may help: /),
      },
    ]);
  });

  it('rollback undoes the transaction', async () => {
    const undone: string[] = [];
    const { context } = applied({}, { undo: async () => void undone.push('all') });
    await rollback.apply?.(context, await rollback.plan(context as never, {}, 'rollback'));
    expect(undone).toEqual(['all']);
  });
});

describe.each(stepKinds.map((kind) => [kind.name, kind] as const))('the step kind %s', (name, kind) => {
  it('has a plain name of its own, one sentence and a closed schema', () => {
    expect(name).toMatch(/^[a-z][a-z-]*$/);
    expect(stepKinds.filter((other) => other.name === name)).toHaveLength(1);
    expect(kind.summary).toMatch(/^[A-Z].*\.$/);
    expect(kind.with).toMatchObject({ type: 'object', additionalProperties: false });
  });
});
