/** What leaves a run as an event holds no secret: whole lines of output, masked, and the words of results and warnings. */
import { stripVTControlCharacters } from 'node:util';
import type { EventBody, TargetResult } from '../../domain/events.ts';
import { maskable, maskText } from '../../domain/mask-text.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { Action, NoteAction, TargetPlan } from '../../domain/plan.ts';
import { type SecretSources, secretValues } from './secret-values.ts';

/** A line that does not end is told in pieces of this many characters; a secret across the cut is told in part. */
const longestLine = 8192;

export interface Guard {
  /** The events to tell for one: output is held back until its line ends. */
  pass(event: EventBody): readonly EventBody[];
  /** A result with every secret masked. */
  result(result: TargetResult): TargetResult;
}

const startsProgram = (action: Action): action is NoteAction =>
  action.kind === 'note' && (action.sign === '!' || action.sign === '?');

type Output = Extract<EventBody, { kind: 'step.output' }>;

/** Colours, and other words to a terminal, are no part of what was said; a line that was drawn over counts as a line. */
const plain = (text: string): string => stripVTControlCharacters(text).replace(/\r\n?/g, '\n');

export const openGuard = (sources: SecretSources): Guard => {
  const { main } = sources;
  const patterns = main.project.secrets;
  const records = new Map(main.registry.read().targets.map((record) => [record.name, record]));
  const planned = new Map<string, Set<RootedPath>>();
  /** Output whose line has not ended. */
  const held = new Map<string, Output>();
  /** Every secret met so far: what a run undid is no longer in the target's files, and was printed all the same. */
  const known = new Map<string, readonly string[]>();
  /** Targets whose files may hold other secrets than when they were read last. */
  const stale = new Set<string>();
  /** Targets whose programs printed something, or failed: until then no word can be one of theirs. */
  const spoken = new Set<string>();

  const valuesOf = (target: string): readonly string[] => {
    const met = known.get(target);
    if (met !== undefined && !stale.has(target)) return met;
    const read = secretValues(sources, records.get(target), planned.get(target) ?? []);
    const values = maskable([...(met ?? []), ...read]);
    known.set(target, values);
    stale.delete(target);
    return values;
  };
  const free = (text: string, target: string): string => maskText(text, patterns, valuesOf(target));
  /** In the words of Lockstep itself a name before a colon is no assignment: only values that are known are masked. */
  const words = (text: string, target: string): string =>
    maskText(text, [], spoken.has(target) ? valuesOf(target) : []);

  const output = (event: Output): readonly EventBody[] => {
    const key = JSON.stringify([event.target, event.step]);
    const text = `${held.get(key)?.text ?? ''}${event.text}`;
    // A carriage return at the very end may be half of a line's end.
    const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r', text.length - 2)) + 1;
    const cut = text.length - end > longestLine ? text.length : end;
    if (cut === text.length) held.delete(key);
    else held.set(key, { ...event, text: text.slice(cut) });
    return cut === 0 ? [] : [{ ...event, text: free(plain(text.slice(0, cut)), event.target) }];
  };
  /** What was held back of a step, of a target, or of all. */
  const release = (which: (event: Output) => boolean): readonly EventBody[] =>
    [...held].flatMap(([key, event]) => {
      if (!which(event)) return [];
      held.delete(key);
      return [{ ...event, text: `${free(plain(event.text), event.target)}\n` }];
    });

  const result = (told: TargetResult): TargetResult => {
    const { target, error } = told;
    if (error !== undefined) spoken.add(target);
    return {
      ...told,
      cause: words(told.cause, target),
      warnings: told.warnings.map((text) => words(text, target)),
      ...(error === undefined
        ? {}
        : {
            error: {
              ...error,
              message: words(error.message, target),
              // Details may be what a program printed.
              ...(error.details === undefined
                ? {}
                : { details: error.details.map((text) => free(plain(text), target)) }),
            },
          }),
    };
  };

  /** The command line of a program that a step will start may be filled in from the environment. */
  const planShown = (plan: TargetPlan): TargetPlan => {
    const told = plan.steps.some((step) => step.actions.some(startsProgram));
    if (!told) return plan;
    const line = (action: Action): Action =>
      startsProgram(action) ? { ...action, text: free(action.text, plan.target) } : action;
    return { ...plan, steps: plan.steps.map((step) => ({ ...step, actions: step.actions.map(line) })) };
  };

  return {
    result,
    pass: (event) => {
      switch (event.kind) {
        case 'step.output':
          spoken.add(event.target);
          return output(event);
        case 'target.planned': {
          const paths = planned.get(event.target) ?? new Set();
          for (const action of event.plan.steps.flatMap((step) => step.actions)) {
            if (action.kind === 'file' && action.component === 'config') paths.add(action.path);
          }
          planned.set(event.target, paths);
          stale.add(event.target);
          return [{ ...event, plan: planShown(event.plan) }];
        }
        case 'step.started':
          // The step before may have changed what stands in the target's files.
          stale.add(event.target);
          return [event];
        case 'step.resolved':
          return [{ ...event, lines: event.lines.map((text) => free(text, event.target)) }];
        case 'step.finished':
          if (event.outcome === 'failed' || event.outcome === 'warned') spoken.add(event.target);
          return [
            ...release((one) => one.target === event.target && one.step === event.step),
            { ...event, cause: words(event.cause, event.target) },
          ];
        case 'check.finished':
          if (event.outcome !== 'passed') spoken.add(event.target);
          return [{ ...event, cause: words(event.cause, event.target) }];
        case 'target.warning':
          return [{ ...event, text: words(event.text, event.target) }];
        case 'target.finished':
          return [
            ...release((one) => one.target === event.result.target),
            { kind: 'target.finished', result: result(event.result) },
          ];
        case 'run.finished':
          return [...release(() => true), { ...event, results: event.results.map(result) }];
        default:
          return [event];
      }
    },
  };
};
