/** Guards of trust: pulled code does not run itself, and nothing of it hides. */
import type { Mutant } from '../mutant.ts';

const trustTests = ['test/app/trust.test.ts'];
const reachTests = ['test/app/trust-reach.test.ts'];
const parts = 'src/app/trust/executable-parts.ts';
const reached = 'src/app/trust/reached-files.ts';
const trust = 'src/app/trust/trust.ts';

export const trustGuards: readonly Mutant[] = [
  {
    name: 'trust-refuses',
    invariant: 7,
    guard: 'what is not trusted is refused',
    file: trust,
    find: 'if (view.trusted) return;',
    replace: 'if (view.hash !== "") return;',
    tests: trustTests,
  },
  {
    name: 'trust-of-this-hash-alone',
    invariant: 7,
    guard: 'a hash given by the environment is compared whole',
    file: trust,
    find: 'env.LOCKSTEP_TRUST === hash',
    replace: 'env.LOCKSTEP_TRUST !== undefined',
    tests: trustTests,
  },
  {
    name: 'trust-counts-equal-names',
    invariant: 7,
    guard: 'of two checks or steps that are called the same, each is shown',
    file: parts,
    find: 'return count === 1 ? part : { ...part, name: `${part.name} (${count})` };',
    replace: 'return part;',
    tests: reachTests,
    named: 'called the same',
  },
  {
    name: 'trust-counts-settings',
    invariant: 7,
    guard: 'where the package and its builder come from is trusted too',
    file: parts,
    find: '    settingsPart(main.project),\n',
    replace: '',
    tests: reachTests,
    named: 'builder',
  },
  {
    name: 'trust-follows-scripts',
    invariant: 7,
    guard: 'a file of main that a script leads to is trusted with it',
    file: parts,
    find: '...entries.map(({ path }) => path), ...next]',
    replace: '...entries.map(({ path }) => path)]',
    tests: reachTests,
    named: 'script leads to',
  },
  {
    name: 'trust-of-main-as-a-whole',
    invariant: 7,
    guard: 'a command that goes to main and does not say where has all of it trusted',
    file: reached,
    find: "everything: words.includes('everything')",
    replace: 'everything: false',
    tests: reachTests,
    named: 'main itself',
  },
  {
    name: 'trust-follows-links',
    invariant: 7,
    guard: 'a link that a command names is followed',
    file: reached,
    find: 'if (at === -1) return wanted;',
    replace: 'if (at !== -2) return wanted;',
    tests: reachTests,
    named: 'link that is named',
  },
  {
    name: 'trust-follows-imports',
    invariant: 7,
    guard: 'what the build backend imports is trusted with it',
    file: 'src/integrations/package/build-imports.ts',
    find: 'return [...modules, ...read];',
    replace: 'return read;',
    tests: reachTests,
    named: 'backend imports',
  },
  {
    name: 'trust-spells-control-characters',
    invariant: 7,
    guard: 'nothing that is to be trusted hides itself from the person who reads it',
    file: trust,
    find: '(letter) => `\\\\u{${letter.codePointAt(0)?.toString(16)}}`',
    replace: '(letter) => letter',
    tests: reachTests,
    named: 'spelled out',
  },
  {
    name: 'trust-of-what-runs',
    invariant: 7,
    guard: 'what was trusted is what runs, whatever becomes of the file meanwhile',
    file: 'src/app/main-pipelines.ts',
    find: '  known.set(name, pipeline);\n',
    replace: '',
    tests: reachTests,
    named: 'not read again',
  },
];
