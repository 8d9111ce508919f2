/** The task tree on a terminal, drawn by listr2 from events; undo, retry, signals and the verdict stay with the pipeline. */
import { Listr, type ListrTask } from 'listr2';
import type { LockstepEvent, TargetResult } from '../../domain/events.ts';
import type { TargetPlan } from '../../domain/plan.ts';
import type { Terminal } from '../world.ts';
import type { Face } from './face.ts';
import { grouped, namesText } from './groups.ts';
import { reasonText } from './plan-text.ts';
import { type SummaryStyle, summaryLines } from './summary.ts';
import { oneLine } from './visible.ts';

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

const deferred = <T>(): Deferred<T> => {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

type StepEnd = Extract<LockstepEvent, { kind: 'step.finished' }>;

/** Waits by name: an event may come before or after somebody waits for it. */
const mailbox = <T>() => {
  const boxes = new Map<string, Deferred<T>>();
  return (name: string): Deferred<T> => {
    const box = boxes.get(name) ?? deferred<T>();
    boxes.set(name, box);
    return box;
  };
};

const cutOff = 'the run ended before this did';

const treeOptions = { exitOnError: false, concurrent: true } as const;

/** Draws while the run goes on; call `end` before printing anything else. */
export const listrFace = (terminal: Pick<Terminal, 'out'>, style: SummaryStyle): Face => {
  const { paint } = style;
  const plans = mailbox<TargetPlan | null>();
  const steps = mailbox<StepEnd | null>();
  const results = mailbox<TargetResult>();
  const titles = new Map<string, (text: string) => void>();
  let tree: Promise<unknown> = Promise.resolve();
  const reasons: { readonly target: string; readonly text: string }[] = [];
  let summary: readonly string[] = [];
  /** Resolves when no more events come: a tree that goes on waiting would hold the terminal for ever. */
  const ended = deferred<null>();

  const stepTask = (target: string, id: string): ListrTask => ({
    title: id,
    task: async (_, task) => {
      titles.set(`${target}\0${id}`, (text) => {
        task.output = oneLine(text);
      });
      const end = await Promise.race([
        steps(`${target}\0${id}`).promise,
        results(target).promise.then(() => null),
        ended.promise,
      ]);
      if (end === null) return task.skip(`${id}: not reached`);
      const cause = oneLine(end.cause);
      if (end.outcome === 'failed') throw new Error(`${id}: ${cause}`);
      if (end.outcome === 'skipped') task.skip(`${id}: ${cause}`);
      else if (end.outcome === 'warned') task.title = `${id} ${paint.look(cause)}`;
    },
  });

  /** Keeps the target's line open until its verdict is in: the receipt is written after the last step. */
  const endTask = (target: string): ListrTask => ({
    task: async () => {
      const result = await Promise.race([results(target).promise, ended.promise]);
      if (result === null) throw new Error(cutOff);
    },
  });

  const targetTask = (target: string): ListrTask => ({
    title: target,
    task: async (_, task) => {
      const plan = await Promise.race([plans(target).promise, results(target).promise.then(() => null), ended.promise]);
      const settle = (result: TargetResult): void => {
        const colour = result.error === undefined ? paint.dim : paint.bad;
        task.title = `${target} ${colour(oneLine(result.cause))}`;
      };
      if (
        plan?.steps.some((step) => step.starts !== undefined || step.actions.some((action) => action.kind !== 'note'))
      ) {
        void results(target).promise.then(settle);
        return task.newListr([...plan.steps.map((step) => stepTask(target, step.id)), endTask(target)], treeOptions);
      }
      const result = await Promise.race([results(target).promise, ended.promise]);
      if (result === null) throw new Error(`${target}: ${cutOff}`);
      settle(result);
      if (result.error !== undefined) throw new Error(task.title);
      return undefined;
    },
  });

  const noteReason = (plan: TargetPlan): void => {
    const text = reasonText(plan);
    if (text !== null) reasons.push({ target: plan.target, text });
  };

  return {
    draw: (event) => {
      switch (event.kind) {
        case 'run.started':
          tree = new Listr(event.targets.map(targetTask), {
            ...treeOptions,
            registerSignalListeners: false,
            rendererOptions: { collapseSubtasks: false, collapseErrors: false },
          }).run();
          break;
        case 'target.planned':
          plans(event.target).resolve(event.plan);
          noteReason(event.plan);
          break;
        case 'check.finished':
          titles.get(`${event.target}\0verify`)?.(`${event.suite} › ${event.check} ${event.outcome}`);
          break;
        case 'step.output':
          titles.get(`${event.target}\0${event.step}`)?.(event.text.trimEnd().split('\n').at(-1) ?? '');
          break;
        case 'step.finished':
          steps(`${event.target}\0${event.step}`).resolve(event);
          break;
        case 'target.finished':
          results(event.result.target).resolve(event.result);
          break;
        case 'run.finished':
          summary = summaryLines(event.results, style);
          break;
        default:
          break;
      }
    },
    end: async () => {
      ended.resolve(null);
      await tree;
      for (const { targets, text } of grouped(reasons))
        terminal.out(oneLine(paint.dim(`${namesText(targets)}: ${text}`)));
      for (const line of summary) terminal.out(oneLine(line));
    },
  };
};
