/** Guards of pruning: what is needed stays, and nobody who relies on the packs is disturbed. */
import type { Mutant } from '../mutant.ts';

const reclaimTests = ['test/store/backup-reclaim.test.ts'];
const claimTests = ['test/store/backup-claims.test.ts'];
const pruneTests = ['test/app/backups/prune.test.ts'];
const policyTests = ['test/domain/backup-policy.test.ts'];
const claims = 'src/store/backups/claims.ts';
const reclaim = 'src/store/backups/reclaim.ts';
const needs = 'src/app/backups/needs.ts';
const policy = 'src/domain/backup-policy.ts';

const guard = (name: string, what: string, rest: Pick<Mutant, 'file' | 'find' | 'replace' | 'tests'>): Mutant => ({
  name,
  invariant: 3,
  guard: what,
  ...rest,
});

export const pruningGuards: readonly Mutant[] = [
  guard('prune-alone', 'nothing is pruned while somebody relies on the packs', {
    file: claims,
    find: 'if (first === undefined) return lock;',
    replace: 'return lock;',
    tests: claimTests,
  }),
  guard('claim-waits', 'no backup begins while somebody prunes', {
    file: claims,
    find: 'if (ports.files.stat(lockPath(places)) === undefined) break;',
    replace: 'break;',
    tests: claimTests,
  }),
  guard('reclaim-new-first', 'a new pack is on the disk before the old ones go', {
    file: reclaim,
    find: '    writer?.finish();\n    for (const name of emptied) remove(ground, name);\n',
    replace: '    for (const name of emptied) remove(ground, name);\n    writer?.finish();\n',
    tests: reclaimTests,
  }),
  guard('reclaim-damaged-stays', 'a pack stays when something of it that is needed could not be taken over', {
    file: reclaim,
    find: 'if (copyOver(ground, writer, one)) emptied.push(one.facts.name);',
    replace: 'if (copyOver(ground, writer, one) || true) emptied.push(one.facts.name);',
    tests: reclaimTests,
  }),
  guard('prune-unreadable', 'nothing is taken from the packs while nobody knows what a backup needs', {
    file: 'src/app/backups/prune.ts',
    find: '    if (unreadable.length > 0) return null;\n',
    replace: '',
    tests: pruneTests,
  }),
  guard('prune-last-whole', 'the last backup that can be restored whole is never removed', {
    file: policy,
    find: "    if (lastWhole >= 0) causes[lastWhole] ??= 'the last one that can be restored whole';\n",
    replace: '',
    tests: policyTests,
  }),
  guard('prune-needed', 'a backup that something needs is never removed', {
    file: policy,
    find: ' ?? neededBy(manifest)',
    replace: '',
    tests: policyTests,
  }),
  guard('prune-cut-off', 'a backup of a run that did not come to its end is not removed', {
    file: needs,
    find: 'if (cutOff !== undefined)',
    replace: "if (cutOff?.run === '')",
    tests: pruneTests,
  }),
  guard('prune-decision', 'a backup of a run that a decision was made in is not removed', {
    file: needs,
    find: 'return decision === undefined ? undefined',
    replace: "return decision?.path !== '' ? undefined",
    tests: pruneTests,
  }),
  guard('prune-empty-rules', 'rules for backups that keep nothing are refused', {
    file: 'src/config/retention-schema.ts',
    find: '    minProperties: 1,\n  },\n);',
    replace: '  },\n);',
    tests: ['test/config/backups.test.ts'],
  }),
];
