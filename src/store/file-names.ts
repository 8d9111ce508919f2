/** Names of files in the state: made of times and of targets' names, safe on every file system. */

/** `20261123T031530Z`: sorts by time. */
export const compactTime = (time: Date): string => time.toISOString().replace(/[-:]|\.\d+/g, '');

/** A target's name as a file name; what a file name cannot hold is escaped. */
export const fileNameOf = (target: string): string =>
  encodeURIComponent(target).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));
