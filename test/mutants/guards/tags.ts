/** Guards of git tags in targets: only in a repository of the target's own, never moved unasked, gone when the run is undone. */
import type { Mutant } from '../mutant.ts';

const plan = 'src/integrations/repository-tag.ts';
const tests = ['test/app/tag.test.ts'];

export const tagGuards: readonly Mutant[] = [
  {
    name: 'tag-own-repository',
    invariant: 5,
    guard: 'a repository around a target is not tagged',
    file: plan,
    find: 'if (places === undefined || top !== root) return undefined;',
    replace: 'if (places === undefined || top === undefined) return undefined;',
    tests,
  },
  {
    name: 'tag-data-inside',
    invariant: 5,
    guard: "a repository whose git data lies outside of the target's folder is not tagged",
    file: plan,
    find: 'return isInside(root, data) ? { root }',
    replace: 'return isInside(data, data) ? { root }',
    tests,
  },
  {
    name: 'tag-existing-stays',
    invariant: 3,
    guard: 'a tag that names another commit is not moved unasked',
    file: plan,
    find: "if (!isNoObject(object) && wish.existing === 'stays')",
    replace: "if (!isNoObject(object) && wish.existing === 'moves')",
    tests,
  },
  {
    name: 'tag-undone',
    invariant: 4,
    guard: 'a tag goes through the journal, its object too',
    file: 'src/integrations/repository-tag/object.ts',
    find: "actions: object.before.kind === 'absent' ? [object, move] : [move],",
    replace: 'actions: [move],',
    tests,
  },
  {
    name: 'tag-nothing-new',
    invariant: 2,
    guard: 'a commit between releases that brought nothing makes no tag in a target',
    file: 'src/steps/tag.ts',
    find: 'if (wish === null || !worthATag(context, version))',
    replace: 'if (wish === null)',
    tests,
  },
];
