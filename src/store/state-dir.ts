/** Where each part of Lockstep's state lies under the state folder. */
import { join } from 'node:path';

export interface StatePlaces {
  readonly dir: string;
  readonly registry: string;
  readonly locks: string;
  readonly journal: string;
  readonly runs: string;
  readonly runLog: string;
  readonly backups: string;
  readonly packs: string;
  /** Who relies on the packs at the moment. */
  readonly claims: string;
  /** Stat data of files that backups have read, by target. */
  readonly seen: string;
  readonly wheels: string;
  readonly verify: string;
  /** The commit that last failed in a target, by target. */
  readonly failed: string;
  /** What rollback drills found, by target. */
  readonly drills: string;
  /** What the hook's script passes without asking. */
  readonly pushOk: string;
  /** What the last look at a push was decided by. */
  readonly pushFacts: string;
  /** What a push that goes on brings to which remote. */
  readonly pushNote: string;
  /** Commits that pre-push let through. */
  readonly letThrough: string;
  /** Pushes that went past it: the hook's script writes here too. */
  readonly bypasses: string;
  /** The last work that a hook started in the background. */
  readonly background: string;
  /** Up to which commit the hooks have followed each work tree. */
  readonly followed: string;
}

/** All places, absolute. Nothing is created. */
export const statePlaces = (dir: string): StatePlaces => ({
  dir,
  registry: join(dir, 'registry.json'),
  locks: join(dir, 'locks'),
  journal: join(dir, 'journal'),
  runs: join(dir, 'runs'),
  runLog: join(dir, 'runs', 'log.ndjson'),
  backups: join(dir, 'store', 'backups'),
  packs: join(dir, 'store', 'packs'),
  claims: join(dir, 'store', 'claims'),
  seen: join(dir, 'store', 'seen'),
  wheels: join(dir, 'store', 'wheels'),
  verify: join(dir, 'verify'),
  failed: join(dir, 'failed'),
  drills: join(dir, 'drills'),
  pushOk: join(dir, 'push-ok'),
  pushFacts: join(dir, 'push-facts.json'),
  pushNote: join(dir, 'push-note'),
  letThrough: join(dir, 'let-through'),
  bypasses: join(dir, 'bypasses'),
  background: join(dir, 'background.json'),
  followed: join(dir, 'followed'),
});
