/** Says of every absolute path whether a component may lie there, and why not. Pure; links on the way are the writing Tree's to refuse. */
import picomatch from 'picomatch';
import { below, isInside, type Roots, rootOf } from './paths.ts';

export interface Grounds {
  readonly roots: Roots;
  /** Globs relative to the target's folder: the target's own places. */
  readonly protect: readonly string[];
  /** Absolute path of the main worktree. */
  readonly mainRoot: string;
  /** Files that main tracks, relative to its root. */
  readonly mainTracked: ReadonlySet<string>;
  /** The clone of a `source` target; null when there is none, or when it is the main root itself. */
  readonly checkout: string | null;
}

export interface Refusal {
  readonly cause: string;
  readonly hint: string;
}

const isTracked = (path: string, tracked: ReadonlySet<string>): boolean => {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    if (tracked.has(at)) return true;
  }
  return false;
};

/** Compiles the grounds once; the answer is undefined for a path that a component may have. */
export const groundsOf = (grounds: Grounds): ((absolute: string) => Refusal | undefined) => {
  const { roots, mainRoot, mainTracked, checkout } = grounds;
  const globs = grounds.protect.map((glob) => glob.replace(/^\.\//, ''));
  // `docs/opencode/**` matches the folder's own name too: a file there would stand in the folder's place.
  const isProtected = picomatch(globs, { dot: true });
  return (absolute) => {
    const root = rootOf(roots, absolute);
    if (root === undefined) {
      return { cause: "it lies outside the target's roots", hint: 'let `into` name a place in the target' };
    }
    if (checkout !== null && isInside(checkout, absolute)) {
      return {
        cause: `it lies in the checkout ${checkout}, which must stay clean`,
        hint: 'map `into` by type, such as { site-packages: …, source: docs/main }',
      };
    }
    const tracked =
      mainTracked.size > 0 && isInside(mainRoot, absolute) && isTracked(below(mainRoot, absolute) ?? '', mainTracked);
    if (tracked || (root === 'checkout' && isInside(mainRoot, absolute))) {
      return {
        cause: 'it is a path of the main project itself',
        hint: 'let `into` name a place that main does not track',
      };
    }
    const parts = (below(roots[root] ?? '', absolute) ?? '').split('/');
    if (parts[0] === '.lockstep' || parts.includes('.git')) {
      return {
        cause: `${parts[0] === '.lockstep' ? '.lockstep' : '.git'} is no place for a component`,
        hint: 'change `into`',
      };
    }
    const own = globs.length === 0 ? undefined : below(roots.target, absolute);
    if (own !== undefined && isProtected(own)) {
      return {
        cause: "it is one of the target's own places (`protect`)",
        hint: 'change `into`, or take the place out of `protect`',
      };
    }
    return undefined;
  };
};
