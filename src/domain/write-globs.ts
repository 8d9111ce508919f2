/** Says which paths of a target's folder a program declared to write: what its globs match, and all that lies below. Pure. */
import picomatch from 'picomatch';
import { compileGlobs } from './categories.ts';

/** Folders that are nobody's content, or Lockstep's and git's own: declared by no glob, whatever it matches. */
const neverDeclared: ReadonlySet<string> = new Set(['.lockstep', '.git', '__pycache__']);

/** Whether a name is left out of every look at what a program wrote. */
export const isNeverDeclared = (name: string): boolean => neverDeclared.has(name);

/** The component that a backup keeps what a step's program writes under. No word that people type has a colon. */
export const writesOf = (step: string): string => `step:${step}`;

/** Whether a component holds what a program wrote. */
export const isWrites = (component: string): boolean => component.startsWith('step:');

const clean = (glob: string): string =>
  glob
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

const balanced = (part: string): boolean =>
  [
    ['{', '}'],
    ['(', ')'],
    ['[', ']'],
  ].every(([open = '', close = '']) => part.split(open).length === part.split(close).length);

/** Why a glob cannot say what a program writes; undefined when it can. */
export const writeGlobProblem = (glob: string): string | undefined => {
  if (/[\\\0]/.test(glob)) return 'it holds a backslash; folders are parted by /';
  if (glob.startsWith('/') || /^[A-Za-z]:/.test(glob)) return "it is absolute; write it from the target's folder";
  if (glob.startsWith('!')) return 'it excludes; say only what is written';
  const parts = glob.split('/');
  if (parts.includes('..')) return "it climbs out of the target's folder";
  if (!parts.every(balanced)) return 'a { } or ( ) in it holds a /; write one glob for each';
  if (clean(glob) === '') return "it names the target's folder itself";
  const own = parts.find((part) => part === '.lockstep' || part === '.git');
  return own === undefined ? undefined : `${own} is no place for a program to write in`;
};

export interface DeclaredWrites {
  /** Whether a path, relative to the target's folder, is one that the program may write. */
  readonly covers: (path: string) => boolean;
  /** Whether a folder that is not covered itself may hold what is: making it is part of writing there. */
  readonly leadsTo: (folder: string) => boolean;
}

const prefixes = (path: string): readonly string[] => {
  const parts = path.split('/');
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
};

const partMatcher = (part: string): ((name: string) => boolean) => picomatch(part, { dot: true, windows: false });

/** Whether the parts of a folder are those that a glob begins with; from `**` on, any are. */
const beginsWith = (glob: readonly string[]): ((folder: readonly string[]) => boolean) => {
  const open = glob.findIndex((part) => part.includes('**'));
  const fixed = (open === -1 ? glob : glob.slice(0, open)).map(partMatcher);
  return (folder) => {
    const deepEnough = open === -1 ? folder.length < glob.length : true;
    return deepEnough && folder.every((name, index) => fixed[index]?.(name) ?? open !== -1);
  };
};

/** Compiles globs once. They must have no `writeGlobProblem`. */
export const declaredWrites = (globs: readonly string[]): DeclaredWrites => {
  const cleaned = globs.map(clean);
  const matches = compileGlobs(cleaned);
  const begins = cleaned.map((glob) => beginsWith(glob.split('/')));
  const covers = (path: string): boolean =>
    !path.split('/').some(isNeverDeclared) && prefixes(path).some((prefix) => matches(prefix));
  return {
    covers,
    leadsTo: (folder) => {
      const parts = folder.split('/');
      return !parts.some(isNeverDeclared) && !covers(folder) && begins.some((begin) => begin(parts));
    },
  };
};

const magic = /[*?[\]{}()!+@]/;

/** Whether two parts may match one name: says yes where it takes more than their ends to tell. */
const partsMayMeet = (a: string, b: string): boolean => {
  if (!magic.test(a)) return magic.test(b) ? partMatcher(b)(a) : a === b;
  if (!magic.test(b)) return partMatcher(a)(b);
  const ends = (part: string) => [part.split(magic)[0] ?? '', part.split(magic).at(-1) ?? ''] as const;
  const [[aStart, aEnd], [bStart, bEnd]] = [ends(a), ends(b)];
  const starts = aStart.startsWith(bStart) || bStart.startsWith(aStart);
  return starts && (aEnd.endsWith(bEnd) || bEnd.endsWith(aEnd));
};

/** Whether two globs, with all that lies below what they match, may share a path. Says yes when in doubt. */
export const globsMayMeet = (first: string, second: string): boolean => {
  const meet = (a: readonly string[], b: readonly string[]): boolean => {
    const [headA, ...restA] = a;
    const [headB, ...restB] = b;
    if (headA === undefined || headB === undefined) return true;
    if (headA.includes('**')) return meet(restA, b) || meet(a, restB);
    if (headB.includes('**')) return meet(a, restB) || meet(restA, b);
    return partsMayMeet(headA, headB) && meet(restA, restB);
  };
  return meet(clean(first).split('/'), clean(second).split('/'));
};
