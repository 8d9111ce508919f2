/** Moves branches of clones by compare and swap, and back. */
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

/** Moves a ref from one commit to another; zeros mean none. Throws `target-changed` when it stands elsewhere. */
export const moveRef = async (processes: Processes, place: Place, from: string, to: string): Promise<void> => {
  const { checkout, ref } = place;
  const expected = isNone(from) ? nothing : from;
  const args = isNone(to) ? ['update-ref', '-d', ref, expected] : ['update-ref', '-m', 'lockstep', ref, to, expected];
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
