/** Tells whether a target, its receipt and the state agree that a cut-off run did not happen, or that it did. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from '../demo/tree.ts';
import type { Scene } from './scene.ts';

export type Lines = readonly string[];

export interface Sides {
  readonly before: Lines;
  readonly after: Lines;
}

export interface Verdict {
  readonly side: 'before' | 'after' | 'neither';
  /** What is wrong, empty when all is as it has to be. */
  readonly wrong: Lines;
}

const receiptName = '.lockstep/receipts/opencode-ai.json';

/** Every run has another id and time; all else in its receipt is decided by the commit. */
const receiptDigest = (bytes: Buffer): string => {
  try {
    const { run: _run, time: _time, ...rest } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
  } catch {
    return `unreadable ${createHash('sha256').update(bytes).digest('hex')}`;
  }
};

/** Reads a target again and again, and hashes only what changed since the last look. */
export const openReader = (target: string): (() => Lines) => {
  const known = new Map<string, { readonly key: string; readonly digest: string }>();
  const digestOf = (path: string, absolute: string): string => {
    const stat = lstatSync(absolute, { bigint: true });
    const key = `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    const found = known.get(path);
    if (found?.key === key) return found.digest;
    const bytes = readFileSync(absolute);
    const digest = path === receiptName ? receiptDigest(bytes) : createHash('sha256').update(bytes).digest('hex');
    known.set(path, { key, digest });
    return digest;
  };
  return () => {
    const lines: string[] = [];
    const visit = (prefix: string): void => {
      for (const name of readdirSync(join(target, prefix)).sort()) {
        // What any Python writes whenever it runs.
        if (name === '__pycache__') continue;
        const path = prefix === '' ? name : `${prefix}/${name}`;
        const absolute = join(target, path);
        const stat = lstatSync(absolute);
        const mode = (stat.mode & 0o7777).toString(8);
        if (stat.isSymbolicLink()) lines.push(`link ${path} -> ${readlinkSync(absolute)}`);
        else if (stat.isDirectory()) {
          lines.push(`dir ${path} ${mode}`);
          visit(path);
        } else if (stat.isFile()) lines.push(`file ${path} ${mode} ${stat.nlink} ${digestOf(path, absolute)}`);
        else lines.push(`other ${path} ${mode}`);
      }
    };
    visit('');
    return lines;
  };
};

const equal = (a: Lines, b: Lines): boolean => a.length === b.length && a.every((line, i) => line === b[i]);

const nearest = (now: Lines, { before, after }: Sides): Lines => {
  const [a, b] = [differences(before, now), differences(after, now)];
  const [side, lines] = a.length <= b.length ? ['before', a] : ['after', b];
  return [
    `the target is neither as before nor as after; from ${side} it differs by ${lines.length}:`,
    ...lines.slice(0, 8),
  ];
};

/** Names in a folder that may not be there once nothing runs. */
const leftIn = (dir: string, what: string, isLeft: (name: string) => boolean): Lines =>
  existsSync(dir)
    ? readdirSync(dir)
        .filter(isLeft)
        .map((name) => `${what}: ${name}`)
    : [];

interface Listed {
  readonly name: string;
  readonly status: string;
  readonly sync_commit?: string;
}

const registryWrong = ({ state, commits }: Scene, side: 'before' | 'after'): Lines => {
  const { targets } = JSON.parse(readFileSync(join(state, 'registry.json'), 'utf8')) as { targets: readonly Listed[] };
  const app = targets.find((target) => target.name === 'app');
  if (app === undefined) return ['the registry lost the target'];
  return [
    ...(app.sync_commit === commits[side]
      ? []
      : [`the registry says commit ${app.sync_commit}, the receipt ${commits[side]}`]),
    ...(app.status === 'syncing' ? ['the registry says that the target is syncing'] : []),
    ...(side === 'after' && app.status !== 'synchronized'
      ? [`the registry says ${app.status} after a complete run`]
      : []),
  ];
};

/** Judges what stands there after recovery. */
export const judge = (scene: Scene, now: Lines, sides: Sides): Verdict => {
  const side = equal(now, sides.before) ? 'before' : equal(now, sides.after) ? 'after' : 'neither';
  const wrong = [
    ...(side === 'neither' ? nearest(now, sides) : registryWrong(scene, side)),
    ...leftIn(join(scene.state, 'journal'), 'a journal is left', (name) => name.endsWith('.ndjson')),
    ...leftIn(join(scene.state, 'locks'), 'a lock is left', () => true),
  ];
  return { side, wrong };
};
