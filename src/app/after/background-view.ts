/** What a hook last started in the background, as it stands now; reads only. */
import { readBackground } from '../../store/background.ts';
import type { MainProject } from '../main-project.ts';

export interface BackgroundView {
  readonly state: 'running' | 'cut-off' | 'ended';
  readonly hook: string;
  readonly pid: number;
  /** ISO 8601 UTC. */
  readonly started: string;
  readonly finished: string | null;
  readonly run: string | null;
  readonly exit: number | null;
  /** What came of it; empty when there was nothing to do. */
  readonly line: string | null;
}

/** null when a hook never started anything. */
export const viewBackground = ({ ports, state }: MainProject): BackgroundView | null => {
  const work = readBackground(ports, state);
  if (work === undefined) return null;
  const { hook, owner, started, finished, run, exit, line } = work;
  const open = ports.identity.alive(owner) === 'dead' ? 'cut-off' : 'running';
  return { state: finished === null ? open : 'ended', hook, pid: owner.pid, started, finished, run, exit, line };
};
