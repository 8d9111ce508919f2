/** Tells git's own files in a clone from those that somebody edits. */

/** Objects stay when a backup is restored: a commit made since, a stash or another branch may need them. */
export const isGitObject = (path: string): boolean => /(?:^|\/)\.git\/(?:.+\/)?objects\//.test(path);

/** Git rewrites its index whenever it looks at files, so a difference is nobody's edit. */
export const isGitIndex = (path: string): boolean => /(?:^|\/)\.git\/(?:.+\/)?index$/.test(path);
