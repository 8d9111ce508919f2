/** What comes after main moved, or was pushed: a sync, what one would do, which targets are behind, or nothing; only trusted code starts. */
import { type AfterSettings, actsOn } from '../../domain/hook-settings.ts';
import type { Launcher } from '../../domain/hooks/place.ts';
import type { Ports } from '../../ports.ts';
import { saveFollowed } from '../../store/followed.ts';
import { chooseTargets } from '../choose-targets.ts';
import type { MainProject } from '../main-project.ts';
import { status } from '../status.ts';
import { sync } from '../sync.ts';
import { receiptOf } from '../synced-state.ts';
import { viewTrust } from '../trust/trust.ts';
import { startSync } from './background-sync.ts';

export interface AfterRequest {
  /** The git hook, or what stands for one. */
  readonly hook: string;
  /** What happened, in a word: `merge`. */
  readonly what: string;
  readonly settings: AfterSettings;
  readonly launcher: Launcher;
  readonly writing: () => Promise<Ports>;
  /** Milliseconds that the work may be waited for. */
  readonly left: () => number;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface Followed {
  readonly outcome: 'nothing' | 'told' | 'untrusted' | 'planned' | 'synced' | 'started' | 'failed';
  /** Names of targets that are behind, as far as that was looked at. */
  readonly behind: readonly string[];
  /** For the person; null when there is nothing to say. */
  readonly line: string | null;
}

const nothing: Followed = { outcome: 'nothing', behind: [], line: null };

const quoted = (name: string): string => (/^[\w.@%+=:,/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

/** The command that brings these targets in step. */
const syncCommand = (names: readonly string[]): string =>
  `lockstep sync run ${names.map((name) => `--target ${quoted(name)}`).join(' ')}`;

/** Names, the first five of them. */
const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

const are = (names: readonly string[]): string => `${listed(names)} ${names.length === 1 ? 'is' : 'are'}`;

/** `app is behind after this merge: lockstep sync run --target app`. Pure. */
export const behindLine = (what: string, names: readonly string[]): string =>
  `${are(names)} behind after this ${what}: ${syncCommand(names)}`;

/** The checked-out branch; null when none is. */
const branchOf = async ({ repo }: MainProject): Promise<string | null> => {
  const name = (await repo.read(['rev-parse', '--symbolic-full-name', 'HEAD'])).trim();
  return name.startsWith('refs/heads/') ? name.slice('refs/heads/'.length) : null;
};

/** Whether every receipt names the commit: then a sync has nothing to bring, and nothing has to be asked. */
const allAt = (main: MainProject, commit: string): boolean =>
  chooseTargets(main.registry.read().targets, 'all').every((record) => {
    const receipt = receiptOf(main, record);
    return receipt?.commit === commit && Object.values(receipt.components).every((part) => part.commit === commit);
  });

const behindNow = async (main: MainProject, { signal, env }: AfterRequest): Promise<readonly string[]> => {
  const reports = await status(main, { targets: 'all', signal, env });
  return reports.filter(({ behind }) => behind.length > 0).map(({ target }) => target);
};

const tell = async (main: MainProject, request: AfterRequest): Promise<Followed> => {
  const behind = await behindNow(main, request);
  return behind.length === 0 ? nothing : { outcome: 'told', behind, line: behindLine(request.what, behind) };
};

/** Writes nothing: `main` was opened with ports that cannot. */
const plan = async (main: MainProject, { what, signal, env }: AfterRequest): Promise<Followed> => {
  const { results } = await sync(main, {
    targets: 'all',
    mode: 'dry-run',
    full: false,
    reason: null,
    part: null,
    complete: false,
    by: 'itself',
    emit: () => {},
    signal,
    env,
  });
  const planned = results.filter(({ outcome }) => outcome === 'planned');
  const others = results.filter(({ outcome }) => outcome !== 'planned' && outcome !== 'nothing-to-do');
  const behind = planned.map(({ target }) => target);
  const parts = [
    ...planned.map(({ target, counts }) => `${target} +${counts.added} ~${counts.changed} -${counts.removed}`),
    ...others.map(({ target, cause }) => `${target}: ${cause}`),
  ];
  if (parts.length === 0) return nothing;
  const next = behind.length === 0 ? 'lockstep sync plan --all-targets' : syncCommand(behind);
  return { outcome: 'planned', behind, line: `a sync after this ${what} would write ${parts.join(', ')}: ${next}` };
};

const bring = async (main: MainProject, request: AfterRequest): Promise<Followed> => {
  const { hook, what, launcher } = request;
  if (!(await viewTrust(main, request.env)).trusted) {
    const behind = await behindNow(main, request);
    if (behind.length === 0) return nothing;
    const line = `${are(behind)} behind after this ${what}, and nothing is synced by itself before you trust what a sync runs on this machine: lockstep trust`;
    return { outcome: 'untrusted', behind, line };
  }
  const started = startSync(main, { hook, launcher, ports: await request.writing() });
  const ended = await started.within(request.left());
  if (ended === undefined) {
    const line = `the sync after this ${what} goes on in the background: lockstep sync status shows it`;
    return { outcome: 'started', behind: [], line };
  }
  const line = ended.line === '' ? null : ended.line;
  return { outcome: ended.exit === 0 ? 'synced' : 'failed', behind: [], line };
};

const act = async (main: MainProject, request: AfterRequest, commit: string): Promise<Followed> => {
  const { settings } = request;
  if (!actsOn(settings, await branchOf(main)) || allAt(main, commit)) return nothing;
  switch (settings.act) {
    case 'sync':
      return bring(main, request);
    case 'plan':
      return plan(main, request);
    case 'notify':
      return tell(main, request);
    case 'off':
      return nothing;
  }
};

/**
 * Does it, and remembers up to which commit: no later command does it again. Throws what looking throws, and `process-failed`.
 */
export const follow = async (main: MainProject, request: AfterRequest): Promise<Followed> => {
  const commit = await main.repo.commit('HEAD');
  if (commit === undefined || main.registry.read().targets.length === 0) return nothing;
  const followed = await act(main, request, commit);
  saveFollowed(await request.writing(), main.state, { root: main.git.root, commit });
  return followed;
};
