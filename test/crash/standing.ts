/** Reads a folder as what survived, and makes a folder hold exactly what survived. */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Survivor } from './disk-model.ts';

/** Everything below a folder, folders before what is in them. */
export const standingIn = (root: string): readonly Survivor[] =>
  readdirSync(root)
    .sort()
    .flatMap((name): readonly Survivor[] => {
      const path = join(root, name);
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) return [{ kind: 'link', path, to: readlinkSync(path), file: {} }];
      const mode = stat.mode & 0o7777;
      if (stat.isDirectory()) return [{ kind: 'dir', path, mode }, ...standingIn(path)];
      return [{ kind: 'file', path, mode, bytes: readFileSync(path), file: {} }];
    });

/** Two names of one file stay two names of one file. */
export const putStanding = (root: string, survivors: readonly Survivor[]): void => {
  for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
  const written = new Map<object, string>();
  for (const one of survivors) {
    if (one.kind === 'dir') {
      mkdirSync(one.path);
      chmodSync(one.path, one.mode);
      continue;
    }
    const first = written.get(one.file);
    if (first !== undefined) linkSync(first, one.path);
    else if (one.kind === 'link') symlinkSync(one.to, one.path);
    else {
      writeFileSync(one.path, one.bytes);
      chmodSync(one.path, one.mode);
    }
    written.set(one.file, one.path);
  }
};
