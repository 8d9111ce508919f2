/** Removes a folder of this process's own making with all that lies in it, also what programs closed to their own user. */
import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Through no link; what belongs to somebody else stays as it is. */
const open = (path: string): void => {
  try {
    if (!lstatSync(path).isDirectory()) return;
    chmodSync(path, 0o700);
    for (const name of readdirSync(path)) open(join(path, name));
  } catch {
    // Not ours, or gone: removing says what of it matters.
  }
};

/** What kept it from being removed; undefined once it is gone. Never throws. */
export const removeFolder = (path: string): unknown => {
  const attempt = (): unknown => {
    try {
      rmSync(path, { recursive: true, force: true });
      return undefined;
    } catch (error) {
      return error;
    }
  };
  if (attempt() === undefined) return undefined;
  open(path);
  return attempt();
};
