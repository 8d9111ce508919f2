/** `run`: starts a program of the team's own in the target's folder, and knows all that it wrote where it said it would. */
import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { LockstepError } from '../domain/errors.ts';
import { maskable, maskText } from '../domain/mask-text.ts';
import { type RootedPath, toAbsolute, toRooted } from '../domain/paths.ts';
import type { NoteAction, StepPlan } from '../domain/plan.ts';
import type { ReceiptComponent } from '../domain/receipt.ts';
import { isSecret } from '../domain/secrets.ts';
import { writesOf } from '../domain/write-globs.ts';
import type { ProcessResult } from '../ports.ts';
import type { SeenPath } from '../store/journal.ts';
import { sha256 } from '../store/main-tree.ts';
import { type Command, commandOf, type RunOptions } from './run/command.ts';
import { checkWrites } from './run/declared.ts';
import { openPrinted } from './run/output.ts';
import { readOutputs } from './run/outputs.ts';
import { exportFiles } from './run/script.ts';
import { lookAtRoots, type RootsSight, undeclared, undeclaredText } from './run/undeclared.ts';
import type { ApplyContext, PlanContext, StepContext, StepKind } from './step.ts';

const options = Type.Object(
  {
    argv: Type.Optional(
      Type.Array(Type.String(), { description: 'the program and its arguments, each a template', minItems: 1 }),
    ),
    script: Type.Optional(
      Type.String({ description: 'text for a shell, taken as it is; instead of argv', minLength: 1 }),
    ),
    writes: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: "globs of what it writes, relative to the target's folder",
      }),
    ),
    outputs: Type.Optional(Type.Literal('json', { description: 'it prints one JSON object, which later steps read' })),
    idempotent: Type.Optional(Type.Boolean({ description: 'whether it may be run again after a failure' })),
  },
  { additionalProperties: false },
);

const optionsOf = (given: Readonly<Record<string, unknown>>): RunOptions => given as Static<typeof options>;

const fromMain = ({ named, along }: Command, commit: string): readonly NoteAction[] => {
  if (named.size === 0) return [];
  const others = along.length - new Set(named.values()).size;
  const beside = others === 0 ? '' : ` and ${others} ${others === 1 ? 'file' : 'files'} beside it`;
  const text = `from main at ${commit.slice(0, 10)}: ${[...new Set(named.values())].join(', ')}${beside}`;
  return [{ kind: 'note', sign: '=', text }];
};

const notesOf = (command: Command, writes: readonly string[], commit: string): readonly NoteAction[] => [
  { kind: 'note', sign: '!', text: command.shown },
  ...fromMain(command, commit),
  ...(command.shownEnv.length === 0
    ? []
    : [{ kind: 'note', sign: '=', text: `with ${command.shownEnv.join(' ')}` } as const]),
  ...(writes.length === 0 ? [] : [{ kind: 'note', sign: '~', text: `may write ${writes.join(', ')}` } as const]),
];

const touchesFiles = (planned: readonly StepPlan[]): boolean =>
  planned.some(
    ({ starts, actions }) => starts !== undefined || actions.some(({ kind }) => kind === 'file' || kind === 'ref'),
  );

/** Throws `expression-invalid`, `target-invalid`, `object-missing`. */
const plan = async (context: PlanContext, given: Readonly<Record<string, unknown>>, id: string): Promise<StepPlan> => {
  const chosen = optionsOf(given);
  const writes = chosen.writes ?? [];
  const command = await commandOf(context, chosen);
  const { receipt, run, phase, planned } = context;
  const base = { id, uses: 'run', warnings: [] };
  if (phase === undefined && !run.full && receipt?.steps?.[id] === command.digest && !touchesFiles(planned)) {
    const skipped = 'it ran like this already, and nothing else changes';
    return { ...base, actions: [], skipped, patch: { steps: { [id]: command.digest } } };
  }
  await checkWrites(context, id, writes);
  return {
    ...base,
    actions: notesOf(command, writes, run.commit),
    skipped: null,
    patch: phase === undefined ? { steps: { [id]: command.digest } } : {},
    starts: { writes },
    facts: { digest: command.digest, writes },
  };
};

/** The words as the program gets them: those that name a file of main lead to it as the commit has it. */
const wordsFor = async (context: ApplyContext, { argv, named, along }: Command): Promise<[string, ...string[]]> => {
  const folder = named.size === 0 ? '' : await exportFiles(context, along);
  const [program = '', ...words] = argv.map((word) => {
    const path = named.get(word);
    return path === undefined ? word : join(folder, path);
  });
  return [program, ...words];
};

/** What the program is told besides the step's own `env:`, which cannot change it. */
const ownEnvironment = ({ run, project, layout }: StepContext): Readonly<Record<string, string>> => ({
  PYTHONDONTWRITEBYTECODE: '1',
  LOCKSTEP_TARGET: layout.roots.target,
  LOCKSTEP_RUN: run.id,
  LOCKSTEP_COMMIT: run.commit,
  LOCKSTEP_MAIN: project.root,
});

const couldNotRun = (id: string, error: LockstepError): LockstepError =>
  new LockstepError('process-failed', `${id} could not run: ${error.message}`, {
    details: error.details,
    cause: error.cause,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });

const judge = (
  { id, signal, tail }: { readonly id: string; readonly signal: AbortSignal; readonly tail: readonly string[] },
  result: ProcessResult,
): void => {
  // Asked to end, it may have answered 0; what it had to do is not done all the same.
  if (signal.aborted) throw new LockstepError('interrupted', `interrupted while ${id} ran`, { details: tail });
  if (result.code === 0) return;
  const how = result.code === null ? `was ended by ${result.signal ?? 'a signal'}` : `ended with exit ${result.code}`;
  throw new LockstepError('step-failed', `${id} ${how}`, { details: tail });
};

/** Of the roots as they stand; why not, where a folder of theirs cannot be read. */
const sightOf = ({ ports, layout }: ApplyContext): RootsSight | string => {
  try {
    return lookAtRoots(ports.files, layout.roots);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return error.message;
  }
};

/** All that it ever wrote and that still stands: a rollback to before may remove it. */
const wroteSoFar = (
  { receipt, run, layout, ports }: ApplyContext,
  id: string,
  left: readonly SeenPath[],
): ReceiptComponent => {
  const { roots } = layout;
  const old = receipt?.components[writesOf(id)];
  const stands = (path: RootedPath): boolean => ports.files.stat(toAbsolute(roots, path)) !== undefined;
  const files = new Map(Object.entries(old?.files ?? {}).filter(([path]) => stands(path)));
  const dirs = new Set((old?.dirs ?? []).filter(stands));
  for (const { path, state } of left) {
    const rooted = toRooted(roots, join(roots.target, path));
    if (state.kind === 'dir') dirs.add(rooted);
    else if (state.kind === 'file') files.set(rooted, { sha256: state.sha256, mode: state.mode });
    else if (state.kind === 'link') files.set(rooted, { sha256: sha256(state.to), mode: 0o777, link: state.to });
  }
  return { commit: run.commit, files: Object.fromEntries([...files].sort()), dirs: [...dirs].sort() };
};

/** Throws `step-failed`, `process-failed` when it could not be started, `interrupted`. */
const apply = async (context: ApplyContext, planned: StepPlan): Promise<void> => {
  const { id } = planned;
  const { ports, project, layout, signal, target, emit } = context;
  const chosen = optionsOf(context.options ?? {});
  const writes = chosen.writes ?? [];
  const command = await commandOf(context, chosen);
  if (command.digest !== planned.facts?.digest) {
    throw new LockstepError('target-changed', `${id} would start something else than was planned`, {
      hint: 'run the same command again: it plans anew',
    });
  }
  const own = Object.entries(command.env).filter(([name]) => isSecret([name], project.secrets));
  const known = maskable([...(context.values?.secrets ?? []), ...own.map(([, value]) => value)]);
  const show = (text: string): string => maskText(text, project.secrets, known);
  const printed = openPrinted({
    patterns: project.secrets,
    known,
    onText: (text) => emit({ kind: 'step.output', target: target.name, step: id, text }),
  });
  const argv = await wordsFor(context, command);
  emit({ kind: 'step.output', target: target.name, step: id, text: `$ ${command.shown}\n` });
  const before = sightOf(context);
  const watched = context.watchWrites?.(writes);
  let result: ProcessResult;
  let left: readonly SeenPath[] = [];
  try {
    result = await ports.processes.run({
      argv,
      cwd: layout.roots.target,
      env: { ...command.env, ...ownEnvironment(context) },
      signal,
      leftovers: 'end',
      as: 'command',
      onOutput: (text, from) => {
        // What it prints for later steps is theirs.
        if (chosen.outputs !== 'json' || from === 'stderr') printed.push(text, from);
      },
    });
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'process-failed') throw couldNotRun(id, error);
    throw error;
  } finally {
    printed.end();
    left = watched?.ended() ?? [];
  }
  const warn = context.warn ?? (() => {});
  if (result.leftBehind !== undefined && result.leftBehind.length > 0) {
    warn(`${id} left something running, and it was ended: ${result.leftBehind.map(show).join('; ')}`);
  }
  const after = sightOf(context);
  if (typeof before === 'string' || typeof after === 'string') {
    warn(
      `${id}: whether it wrote what it does not declare could not be looked at: ${[before, after].find((one) => typeof one === 'string')}`,
    );
  } else {
    const aside = undeclaredText(id, undeclared(before, after, { roots: layout.roots, globs: writes }));
    if (aside !== undefined) warn(aside);
  }
  judge({ id, signal, tail: printed.tail() }, result);
  if (writes.length > 0) context.record?.(wroteSoFar(context, id, left));
  if (chosen.outputs === 'json') context.outputs.set(id, readOutputs(id, result.stdout, show));
};

export const run: StepKind = {
  name: 'run',
  summary: "Runs a program of the team's own in the target's folder; written as `run:`.",
  with: options,
  mutates: false,
  idempotent: false,
  takesEnv: true,
  plansLate: true,
  plan,
  apply,
};
