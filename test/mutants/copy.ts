/** Copies of the checkout to take guards out of: the checkout itself is never changed. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Not needed by any test, or made anew: history, builds, and what is linked. */
const left = new Set(['.git', 'node_modules', 'dist']);

/** A copy of all that tests need; the packages are linked. */
export const copyCheckout = (checkout: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  cpSync(checkout, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !(dirname(relative(checkout, path)) === '.' && left.has(basename(path))),
  });
  symlinkSync(join(checkout, 'node_modules'), join(to, 'node_modules'));
};
