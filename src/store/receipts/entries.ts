/** Judges what a receipt of the right shape names: paths that stay in the target, and keys that are key paths. */
import { isAbsolute } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { RootedPath, Roots } from '../../domain/paths.ts';
import type { Receipt } from '../../domain/receipt.ts';

const isKeyPath = (text: string): boolean => {
  try {
    const keys: unknown = JSON.parse(text);
    return Array.isArray(keys) && keys.every((key) => typeof key === 'string' || Number.isSafeInteger(key));
  } catch {
    return false;
  }
};

/** A path that stays in whichever root it names. */
const isPlain = (path: RootedPath): boolean => {
  const below = path.replace(/^@(?:python|checkout)\//, '');
  return !isAbsolute(below) && !below.includes('\0') && !below.split('/').includes('..');
};

/** Every path that a receipt names, and where it does. */
const pathsOf = ({ components, config, decisions }: Receipt): readonly (readonly [RootedPath, string])[] => [
  ...Object.entries(components).flatMap(([name, { files, dirs }]) => [
    ...Object.keys(files).map((path) => [path, `a file of ${name}`] as const),
    ...dirs.map((path) => [path, `a folder of ${name}`] as const),
  ]),
  ...Object.keys(config).map((path) => [path, 'a configuration file'] as const),
  ...decisions.map(({ path }) => [path, 'what a decision is about'] as const),
];

/** What is wrong in entries that have the right shape; undefined when nothing is. */
export const wrongEntry = (facts: Receipt): string | undefined => {
  const stray = pathsOf(facts).find(([path]) => !isPlain(path));
  if (stray !== undefined) return `it names ${JSON.stringify(stray[0])} as ${stray[1]}, which is no path in the target`;
  const keys = [
    ...facts.decisions.map(({ path, key }) => [path, key] as const),
    ...Object.entries(facts.config).flatMap(([path, { keys: all }]) =>
      Object.keys(all).map((key) => [path, key] as const),
    ),
  ];
  const odd = keys.find(([, key]) => key !== undefined && !isKeyPath(key));
  return odd === undefined
    ? undefined
    : `it names ${JSON.stringify(odd[1])} as a key of ${odd[0]}, which is no key path`;
};

/**
 * For roots that are known for certain. Throws `receipt-invalid`, naming the receipt and the entry, when it names a
 * root that the target has not.
 */
export const checkRoots = (facts: Receipt, { path, roots }: { readonly path: string; readonly roots: Roots }): void => {
  for (const [entry, what] of pathsOf(facts)) {
    const name = /^@(python|checkout)\//.exec(entry)?.[1] as 'python' | 'checkout' | undefined;
    if (name === undefined || roots[name] !== undefined) continue;
    const which = name === 'python' ? 'a Python' : 'a checkout';
    throw new LockstepError(
      'receipt-invalid',
      `the receipt ${path} names ${entry} as ${what}, and ${facts.target} has no ${which.slice(2)} outside its folder`,
      {
        hint: `if it had ${which} elsewhere: lockstep target update ${facts.target} --${name} <path>; else take the receipt out of the way (mv ${path} ${path}.old), and the next sync compares every file with main's history`,
      },
    );
  }
};
