/** Remembers a push that is let through: what may pass without asking next time, and what is to be synced once the remote has it. */
import { join } from 'node:path';
import { cleanSource } from '../../domain/concerns.ts';
import { LockstepError } from '../../domain/errors.ts';
import { type AfterSettings, actsOn } from '../../domain/hook-settings.ts';
import type { Launcher } from '../../domain/hooks/place.ts';
import { isPlainBranch, type PushedRef, shortRef } from '../../domain/push.ts';
import { pipelineFolder } from '../../pipeline/written.ts';
import type { Ports } from '../../ports.ts';
import { noteLetThrough } from '../../store/let-through.ts';
import { type PushFacts, savePushFacts } from '../../store/push-facts.ts';
import { writePushNote } from '../../store/push-note.ts';
import { type Acceptance, writePushOk } from '../../store/push-ok.ts';
import { openReceipts } from '../../store/receipts.ts';
import { targetPath } from '../layouts.ts';
import { configName, type MainProject } from '../main-project.ts';
import { receiptOf } from '../synced-state.ts';
import type { PushJudgement } from './judge.ts';
import { commitsOf } from './lacking.ts';

export interface AcceptRequest {
  readonly judgement: PushJudgement;
  readonly refs: readonly PushedRef[];
  readonly remote: string;
  readonly url: string;
  /** When the looking began: see `Acceptance`. */
  readonly since: bigint;
  readonly launcher: Launcher;
  readonly writing: () => Promise<Ports>;
  /** What comes after the push; undefined when somebody else sees to that. */
  readonly after: AfterSettings | undefined;
}

/** Everything that the answer *nothing to sync* was read from. */
const watchedPaths = (main: MainProject, { judgement, launcher }: AcceptRequest): Acceptance['watched'] => {
  const { files } = main.ports;
  const folder = join(main.git.root, pipelineFolder);
  const pipelines =
    files.stat(folder) === undefined ? [] : [folder, ...files.list(folder).map((name) => join(folder, name))];
  const receipts = openReceipts(main.ports);
  const targets = judgement.targets.flatMap((record) => {
    const target = targetPath(main, record);
    return [target, receipts.path({ target }, main.project.id)];
  });
  return [join(main.git.root, configName), ...pipelines, main.state.registry, launcher.main, ...targets];
};

/** The commits that components of targets are at; undefined when one was never synced, or went back. */
const commitsAt = (main: MainProject, { judgement }: AcceptRequest): readonly string[] | undefined => {
  const commits = new Set<string>();
  for (const record of judgement.targets) {
    const receipt = receiptOf(main, record);
    if (receipt === undefined || receipt.commit === null || record.status === 'rolled_back') return undefined;
    for (const commit of commitsOf(receipt, receipt.commit)) commits.add(commit);
  }
  return [...commits].sort();
};

/** As `commitsAt`; a receipt that cannot be read is no ground for anything. */
const commitsOrNone = (main: MainProject, request: AcceptRequest): readonly string[] | undefined => {
  try {
    return commitsAt(main, request);
  } catch (error) {
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
};

/** Whatever a component of any type may take, and what it excludes besides: rather one folder too many. */
const sourcesOf = ({ package: { path }, components, config }: MainProject['project']): readonly string[] => {
  const all = [
    ...(path === null ? [] : [path]),
    ...components.flatMap(({ sources }) => sources.flatMap(({ from }) => from)),
    ...config.map(({ from }) => from),
  ];
  return [...new Set(all.map(cleanSource))].sort();
};

/** What the next look may be decided by, where every ref was one that is looked at. */
const keepFacts = (main: MainProject, request: AcceptRequest, ports: Ports): void => {
  const { judgement, refs, remote, since } = request;
  const looked = judgement.groups.flatMap((group) => group.refs.map(({ ref }) => ref));
  const commits = looked.length === refs.length && refs.every(isPlainBranch) ? commitsOrNone(main, request) : undefined;
  if (commits === undefined) return;
  const { prePush, postPush } = main.project.hooks;
  const facts: PushFacts = {
    root: main.git.root,
    sources: sourcesOf(main.project),
    commits,
    looked: looked.map(({ remoteRef: ref }) => ({ remote, ref, noted: actsOn(postPush, shortRef(ref)) })),
    budget: prePush.budget,
    quiet: prePush.quiet,
    watched: [...new Set(watchedPaths(main, request))].sort(),
  };
  savePushFacts(ports, main.state, { facts, since });
};

/** Throws `disk`. */
export const acceptPush = async (main: MainProject, request: AcceptRequest): Promise<void> => {
  const { judgement, refs, remote, url, since, after } = request;
  const ports = await request.writing();
  const accepted = judgement.settled.flatMap(({ remoteRef, localId }) =>
    localId === null ? [] : [{ remote, url, remoteRef, id: localId }],
  );
  // First: what is written later may take back what is accepted.
  noteLetThrough(ports, main.state, { remote, refs });
  if (accepted.length > 0) writePushOk(ports, main.state, { watched: watchedPaths(main, request), accepted, since });
  keepFacts(main, request, ports);
  if (after === undefined) return;
  const pushed = refs.flatMap(({ remoteRef: ref, localId: id }) =>
    id !== null && ref.startsWith('refs/heads/') && actsOn(after, shortRef(ref)) ? [{ remote, ref, id }] : [],
  );
  writePushNote(ports, main.state, pushed);
};
