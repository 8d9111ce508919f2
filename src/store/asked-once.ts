/** A repository that is asked the same question once: for a command of a moment, in which no answer changes. */
import type { Repo } from '../ports.ts';

/** Answers of the whole life of the object; a question that failed is asked again. Contents of blobs and other commands are not kept. */
export const askedOnce = (repo: Repo): Repo => {
  const once = <Args extends readonly unknown[], Answer>(ask: (...args: Args) => Promise<Answer>) => {
    const known = new Map<string, Promise<Answer>>();
    return (...args: Args): Promise<Answer> => {
      const key = JSON.stringify(args);
      const found = known.get(key) ?? ask(...args);
      known.set(key, found);
      found.catch(() => known.delete(key));
      return found;
    };
  };
  return {
    ...repo,
    commit: once(repo.commit),
    object: once(repo.object),
    tree: once(repo.tree),
    diff: once(repo.diff),
    log: once(repo.log),
    isAncestor: once(repo.isAncestor),
  };
};
