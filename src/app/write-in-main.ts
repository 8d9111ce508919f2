/** Writes a file of the main project that is Lockstep's to write there: whole, or not at all. */
import { dirname } from 'node:path';
import type { HookSite } from './hooks/ground.ts';

/** Folders on the way must be there. Throws `path-refused` outside the work tree or through a link, `disk`. */
export const writeInMain = ({ ports, git }: HookSite, path: string, text: string): void => {
  const tree = ports.openTree({ roots: [git.root] });
  const fresh = `${path}.lockstep-new`;
  tree.write(fresh, Buffer.from(text), 0o644);
  tree.flush([fresh]);
  tree.rename(fresh, path);
  tree.flush([dirname(path)]);
};
