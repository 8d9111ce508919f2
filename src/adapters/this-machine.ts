/** The computer that this runs on: its Node.js, and the room on its disks. */
import { statfsSync } from 'node:fs';
import type { Machine } from '../ports.ts';

export const thisMachine: Machine = {
  node: process.versions.node,
  freeBytes: (path) => {
    try {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    } catch {
      // Not there, or on a file system that does not say: nothing is known of it.
      return undefined;
    }
  },
};
