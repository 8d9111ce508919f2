/** `push`: what `git push` does, and once the remote has the commit, a sync of all targets; a push that is refused syncs nothing. */
import type { MainProject } from '../../app/main-project.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Call } from '../call.ts';
import { runSync } from './run.ts';

/** What git is asked, where no remote-tracking branch says it: an address that no remote is named for. */
const hasIt = async ({ repo }: MainProject, remote: string, commit: string): Promise<boolean> => {
  try {
    const listed = await repo.read(['ls-remote', '--', remote]);
    return listed.split('\n').some((line) => line.startsWith(`${commit}\t`));
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return false;
  }
};

/** Whether a remote is known to hold a commit. */
const isHeld = async (main: MainProject, words: readonly string[], commit: string): Promise<boolean> => {
  const listed = await main.repo.read([
    'for-each-ref',
    '--count=1',
    '--format=%(refname)',
    `--contains=${commit}`,
    'refs/remotes',
  ]);
  if (listed.trim() !== '') return true;
  const remote = words.find((word) => !word.startsWith('-'));
  return remote !== undefined && hasIt(main, remote, commit);
};

/** git's own exit code when it refuses, else that of the sync. Throws what git throws, and what keeps a sync from starting. */
export const runPush = async (call: Call, words: readonly string[]): Promise<number> => {
  const { world, json } = call;
  if (world.attached === undefined) throw new Error('nothing can be run here as if it had been typed');
  const main = await call.main();
  const code = await world.attached({
    argv: ['git', 'push', ...words],
    cwd: call.dir,
    // The hooks of this push leave to us what comes after it.
    env: { LOCKSTEP_PUSH: '1' },
    output: json ? 'beside' : 'shown',
  });
  if (code !== 0) {
    const line = `the push was not accepted, so nothing is synced (git exited with ${code})`;
    if (json) call.answer({ kind: 'push', accepted: false, exit: code }, []);
    else world.terminal.err(line);
    return code;
  }
  const dryRun = words.includes('--dry-run') || words.includes('-n');
  const commit = await main.repo.commit('HEAD');
  if (!dryRun && (commit === undefined || !(await isHeld(main, words, commit)))) {
    const line = `the remote does not have ${commit?.slice(0, 10) ?? 'a commit'}, which HEAD is at: nothing is synced (lockstep sync run --all-targets)`;
    call.answer({ kind: 'push', accepted: true, held: false, commit: commit ?? null }, [line]);
    return 0;
  }
  return runSync(call, [], { allTargets: true, ...(dryRun ? { dryRun } : {}) });
};
