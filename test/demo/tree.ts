/** Tells what differs between two looks at a folder: content, or the times at which things were written. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { treeLines } from '../fixtures/tree-hash.ts';

/** Whole content, without what Python writes whenever it runs. */
export const contentOf = (dir: string): readonly string[] => treeLines(dir, (path) => path.includes('__pycache__'));

/** When each path below a folder was last written, folders included. */
export const timesOf = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => `${path} ${lstatSync(join(dir, path)).mtimeMs}`);

/** Lines that only one of the two has, marked by side. */
export const differences = (before: readonly string[], after: readonly string[]): readonly string[] => {
  const [old, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
};
