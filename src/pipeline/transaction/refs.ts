/** Moves branches of clones by compare and swap, and back without a trace. */
import { LockstepError } from '../../domain/errors.ts';
import type { Processes } from '../../ports.ts';
import type { RefEntry } from '../../store/journal.ts';

type Place = Pick<RefEntry, 'checkout' | 'ref'>;

const isNone = (id: string): boolean => /^0*$/.test(id);
const nothing = '0'.repeat(40);

// A clone's own hooks (`reference-transaction`, through core.hooksPath) are pulled code: they do not run.
const git = (processes: Processes, checkout: string, args: readonly string[]) =>
  processes.run({ argv: ['git', '-c', 'core.hooksPath=/dev/null', ...args], cwd: checkout, as: 'git' });

/** The commit that a ref stands at; zeros when it does not exist. Throws `process-failed`. */
export const readRef = async (processes: Processes, { checkout, ref }: Place): Promise<string> => {
  const { code, stdout, stderr } = await git(processes, checkout, ['rev-parse', '--verify', '--quiet', ref]);
  const id = stdout.toString('utf8').trim();
  if (code === 0 && id !== '') return id;
  if (code === 1 && id === '') return nothing;
  throw new LockstepError('process-failed', `git cannot read ${ref} of ${checkout}`, { details: [stderr.trim()] });
};

/** What the reflog says of a run's moves: no other line says the same. */
const reasonOf = (run: string): string => `lockstep: ${run}`;

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly run: string;
}

/** Moves a ref from one commit to another; zeros mean none. Throws `target-changed` when it stands elsewhere. */
export const moveRef = async (processes: Processes, place: Place, { from, to, run }: Move): Promise<void> => {
  const { checkout, ref } = place;
  const expected = isNone(from) ? nothing : from;
  // An empty old value says "it must not exist", whatever the length of ids in this repository.
  const old = isNone(from) ? '' : from;
  const change = isNone(to) ? ['-d', ref, old] : ['-m', reasonOf(run), ref, to, old];
  // Adds to a reflog that is there, and makes none: undoing could not tell that it was not there before.
  const args = ['-c', 'core.logAllRefUpdates=false', 'update-ref', ...change];
  const { code, stderr } = await git(processes, checkout, args);
  if (code === 0) return;
  const now = await readRef(processes, place);
  if (now !== expected) {
    throw new LockstepError('target-changed', `${ref} of ${checkout} was moved after the plan was made, to ${now}`, {
      hint: 'run the same command again: it plans from where the branch stands now',
      details: [`planned from ${expected}`],
    });
  }
  throw new LockstepError('process-failed', `git could not move ${ref} of ${checkout}`, { details: [stderr.trim()] });
};

/** Numbers of the reflog's lines that a run wrote, the oldest first: taking one out renumbers only those before it. */
const linesOf = async (processes: Processes, checkout: string, { name, run }: { name: string; run: string }) => {
  const args = ['log', '--walk-reflogs', '--format=%gs', name, '--'];
  const { code, stdout } = await git(processes, checkout, args);
  if (code !== 0) return [];
  const reasons = stdout.toString('utf8').split('\n');
  return reasons.flatMap((reason, index) => (reason === reasonOf(run) ? [index] : [])).reverse();
};

/**
 * Takes the lines that a run wrote out of the reflogs of a ref and of HEAD, by git's own means and under its locks: they
 * would name commits that are not there any more. Throws `process-failed`.
 */
export const forgetMoves = async (processes: Processes, { checkout, ref }: Place, run: string): Promise<void> => {
  for (const name of [ref, 'HEAD']) {
    const lines = await linesOf(processes, checkout, { name, run });
    if (lines.length === 0) continue;
    const args = ['reflog', 'delete', ...lines.map((line) => `${name}@{${line}}`)];
    const { code, stderr } = await git(processes, checkout, args);
    if (code === 0) continue;
    throw new LockstepError('process-failed', `git could not take the undone move out of the reflog of ${name}`, {
      details: [stderr.trim()],
    });
  }
};
