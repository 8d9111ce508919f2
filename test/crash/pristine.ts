/** Makes a folder equal to a copy of it, touching only what differs, so that a reset costs little. */
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

type Kind = 'dir' | 'link' | 'file' | 'other';

const kindOf = (stat: Stats): Kind =>
  stat.isDirectory() ? 'dir' : stat.isSymbolicLink() ? 'link' : stat.isFile() ? 'file' : 'other';

const same = (from: string, to: string): boolean => {
  const [a, b] = [lstatSync(from), lstatSync(to, { throwIfNoEntry: false })];
  if (b === undefined || kindOf(a) !== kindOf(b)) return false;
  if (kindOf(a) === 'link') return readlinkSync(from) === readlinkSync(to);
  if (kindOf(a) === 'dir') return true;
  // A file that was written to has another time, and one put back under its old time is the old file.
  return a.mode === b.mode && a.size === b.size && Math.abs(a.mtimeMs - b.mtimeMs) < 0.01 && b.nlink === 1;
};

const copyOne = (from: string, to: string): void => {
  const stat = lstatSync(from);
  rmSync(to, { recursive: true, force: true });
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    lutimesSync(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
    return;
  }
  if (stat.isDirectory()) mkdirSync(to);
  else {
    copyFileSync(from, to);
    chmodSync(to, stat.mode & 0o7777);
    utimesSync(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
  }
};

/** `to` becomes what `from` is: names, kinds, content, modes, times. Paths below `to` that are named are left as they are. */
export const bringBack = (from: string, to: string, except: readonly string[] = []): void => {
  if (!same(from, to)) copyOne(from, to);
  const names = new Set(readdirSync(from));
  for (const name of readdirSync(to)) if (!names.has(name)) rmSync(join(to, name), { recursive: true, force: true });
  for (const name of names) {
    const [a, b] = [join(from, name), join(to, name)];
    if (except.includes(b)) continue;
    if (lstatSync(a).isDirectory()) bringBack(a, b, except);
    else if (!same(a, b)) copyOne(a, b);
  }
  const stat = lstatSync(from);
  if ((lstatSync(to).mode & 0o7777) !== (stat.mode & 0o7777)) chmodSync(to, stat.mode & 0o7777);
  if (Math.abs(lstatSync(to).mtimeMs - stat.mtimeMs) > 0.01) utimesSync(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
};
