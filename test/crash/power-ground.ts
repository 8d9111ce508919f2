/** A folder that stands for a disk: a child's calls in it are noted, and what a failure left there is recovered and judged. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recover } from '../../src/pipeline/recover.ts';
import { differences as differing } from '../demo/tree.ts';
import { diskPorts } from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';
import { mustRun } from './command.ts';
import type { ModelRules, Survivor } from './disk-model.ts';
import { type Hooked, hookVariable, type Noted, readNotes } from './hooked.ts';

export interface PowerLoss {
  /** An empty folder of its own is made here. */
  readonly dir: string;
  /** The built hook. */
  readonly hook: string;
  /** The built `power-child`. */
  readonly child: string;
  /** Random samples for each prefix, besides the extremes. */
  readonly survivors: number;
  readonly seed: number;
  readonly moves: ModelRules['moves'];
  /** How many recoveries lose the power as well, after every call of theirs. */
  readonly recoveries: number;
  readonly stopped?: () => boolean;
}

/** One folder that stands for a disk, and how it has to be. */
export interface Ground {
  readonly how: PowerLoss;
  readonly dir: string;
  /** Files named by the sha256 of what they hold. */
  readonly backups: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** All that may not differ. */
export const linesOf = (dir: string): readonly string[] => treeLines(dir, (path) => path === 'state');

/** What the child's process writes below the folder, call by call. */
export const note = async (
  { how, dir, backups }: Pick<Ground, 'how' | 'dir' | 'backups'>,
  what: 'sync' | 'recover',
) => {
  const log = join(dir, '..', 'notes');
  const plan: Hooked = { what: 'note', under: [dir], log };
  const env = { ...process.env, [hookVariable]: JSON.stringify(plan) };
  const clean = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  await mustRun({
    cwd: dir,
    env: clean,
    argv: [process.execPath, '--import', how.hook, how.child, what, dir, backups],
  });
  return readNotes(log);
};

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i]);

export interface Judged {
  readonly side: 'before' | 'after' | 'neither';
  readonly wrong: readonly string[];
}

/** Recovers what stands in the folder, and judges it. */
export const recoverAndJudge = async ({ dir, backups, before, after }: Ground): Promise<Judged> => {
  const wrong: string[] = [];
  try {
    const found = await recover({
      ports: diskPorts(),
      state: { journal: join(dir, 'state/journal') },
      readBackup: (sha256) => readFileSync(join(backups, sha256)),
    });
    for (const run of found) {
      if (run.outcome === 'blocked') wrong.push(`blocked: ${run.cause}`);
      for (const { path, cause } of [...run.left, ...run.unfinished]) wrong.push(`${path}: ${cause}`);
    }
  } catch (error) {
    wrong.push(`recover threw ${error instanceof Error ? error.stack : String(error)}`);
  }
  const now = linesOf(dir);
  const side = equal(now, before) ? 'before' : equal(now, after) ? 'after' : 'neither';
  if (side === 'neither') {
    const [a, b] = [differing(before, now), differing(after, now)];
    wrong.push(
      `the target is neither as before nor as after; nearest:`,
      ...(a.length <= b.length ? a : b).slice(0, 10),
    );
  }
  const journal = join(dir, 'state/journal');
  if (existsSync(journal))
    wrong.push(
      ...readdirSync(journal)
        .filter((name) => name.endsWith('.ndjson'))
        .map((name) => `left: ${name}`),
    );
  return { side, wrong };
};

export const describe = (call: Noted | undefined, dir: string): string => {
  if (call === undefined) return 'the end';
  const from = 'from' in call ? `${call.from.slice(dir.length + 1)} → ` : '';
  return `${call.call} ${from}${call.path.slice(dir.length + 1)}`;
};

export const listed = (survivors: readonly Survivor[], dir: string): string =>
  survivors
    .map((one) => {
      const path = one.path.slice(dir.length + 1);
      if (one.kind === 'link') return `link ${path} -> ${one.to}`;
      return one.kind === 'dir' ? `dir ${path}` : `file ${path} ${one.mode.toString(8)} ${one.bytes.length} bytes`;
    })
    .sort()
    .join('\n');

export const digestOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Two disks that look the same need one look. */
export const keyOf = (survivors: readonly Survivor[]): string =>
  digestOf(
    survivors
      .map((one) => {
        if (one.kind === 'link') return `${one.path} -> ${one.to}`;
        return one.kind === 'dir' ? `${one.path}/ ${one.mode}` : `${one.path} ${one.mode} ${digestOf(one.bytes)}`;
      })
      .sort()
      .join('\n'),
  );

/** Writes down what a difference is, for somebody to look at. */
export const keep = (ground: Ground, name: string, text: readonly string[]): string => {
  const folder = join(ground.how.dir, 'differences');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name.replaceAll(/[^a-z0-9-]+/g, '-')}.txt`);
  writeFileSync(file, text.join('\n'));
  return file;
};
