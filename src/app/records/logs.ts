/** What the steps of a run printed, in the order in which they ran, secrets masked when it was kept. Reads only. */
import { LockstepError } from '../../domain/errors.ts';
import { nearestName } from '../../domain/nearest.ts';
import { listOutputs } from '../../store/runs/read.ts';
import type { MainProject } from '../main-project.ts';
import { showRun } from './show.ts';

export interface LogRequest {
  /** null for all. */
  readonly target: string | null;
  readonly step: string | null;
}

export interface PrintedLog {
  readonly target: string;
  readonly step: string;
  readonly text: string;
}

export interface LogReport {
  readonly run: string;
  readonly logs: readonly PrintedLog[];
}

const refuseUnknown = (word: string | null, known: readonly string[], what: string): void => {
  if (word === null || known.includes(word)) return;
  const near = nearestName(word, known);
  const all = known.length === 0 ? 'it has none' : `there are ${known.join(', ')}`;
  throw new LockstepError('unknown-name', `${what} ${word}`, {
    hint: near === undefined ? all : `did you mean ${near}?`,
  });
};

/** Throws `unknown-name` for a run, a target or a step that there is not, `usage` for a word that means several runs. */
export const logsOf = (main: MainProject, word: string, { target, step }: LogRequest): LogReport => {
  const { run, targets } = showRun(main, word);
  refuseUnknown(
    target,
    targets.map((one) => one.target),
    `run ${run} has no target`,
  );
  const chosen = targets.filter((one) => target === null || one.target === target);
  const steps = chosen.flatMap((one) => [
    ...one.steps.map((view) => view.step),
    ...(one.plan?.steps ?? []).map(({ id }) => id),
  ]);
  refuseUnknown(step, [...new Set(steps)], `run ${run} has no step`);
  const printed = listOutputs(main.ports, main.state, run);
  const logs = chosen.flatMap((one) => {
    const order = [...new Set(one.steps.map((view) => view.step))].filter((id) => step === null || id === step);
    return order.flatMap((id) => {
      const found = printed.find((output) => output.target === one.target && output.step === id);
      return found === undefined ? [] : [{ target: one.target, step: id, text: main.ports.files.readText(found.path) }];
    });
  });
  return { run, logs };
};
