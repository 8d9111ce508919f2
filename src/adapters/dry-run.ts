/** A dry run writes nothing to a target or to Lockstep's state, whatever the floors above try. */
import type { Ports, StateFiles, Tree, TreeBounds } from '../ports.ts';

/** A plain Error on purpose: a dry run that gets as far as a write is a bug, not expected trouble. */
const denied =
  (what: string) =>
  (path: string): never => {
    throw new Error(`dry run tried to write ${path} (${what})`);
  };

const deniedState: StateFiles = {
  replace: denied('replace'),
  append: denied('append'),
  createExclusive: denied('create'),
  openNew: denied('create'),
  remove: denied('remove'),
  flushDir: denied('flush'),
  makeDir: denied('make folder'),
};

const deniedTree = ({ roots }: TreeBounds): Tree => ({
  write: denied('write'),
  append: denied('append'),
  symlink: denied('symlink'),
  link: (_from, to) => denied('link')(to),
  rename: (_from, to) => denied('rename')(to),
  mkdir: denied('mkdir'),
  unlink: denied('unlink'),
  rmdir: denied('rmdir'),
  chmod: denied('chmod'),
  touch: denied('touch'),
  flush: (paths) => denied('flush')(paths[0] ?? roots[0] ?? 'nothing'),
  flushAll: () => denied('flushAll')(roots[0] ?? 'nothing'),
});

/** The same ports, reading as before; writing to a tree or to state throws a plain Error, and nothing goes on in the background. Scratch folders stay usable. */
export const dryRunPorts = ({ background: _background, clearAbandoned: _clear, ...ports }: Ports): Ports => {
  const scratch = new Set<string>();
  return {
    ...ports,
    files: {
      ...ports.files,
      scratch: (label) => {
        const dir = ports.files.scratch(label);
        scratch.add(dir);
        return dir;
      },
    },
    openTree: (bounds) =>
      bounds.roots.every((root) => scratch.has(root)) ? ports.openTree(bounds) : deniedTree(bounds),
    state: deniedState,
  };
};
