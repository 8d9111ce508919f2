import { chmodSync, existsSync, lstatSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dryRunPorts } from '../../src/adapters/dry-run.ts';
import { diskFiles } from '../../src/adapters/files.ts';
import { countActions } from '../../src/domain/events.ts';
import type { FileState } from '../../src/domain/file-state.ts';
import { fileActions, type TargetPlan } from '../../src/domain/plan.ts';
import { type Fleet, fleet } from '../fixtures/fleet.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, put } from '../fixtures/sandbox.ts';
import { treeStats } from '../fixtures/tree-stats.ts';

const ports = machinePorts();
const files = diskFiles(() => {});

/** What can happen to a tree between two syncs. */
type Edit =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly to: string };

const paths = [
  'docs/a.md',
  'docs/b.md',
  'docs/deep/c.md',
  'docs/deep/er/d.sh',
  'plans/p.md',
  'plans/q r.md',
  'plans/ü.md',
];
const path = fc.constantFrom(...paths);
const words = fc.constantFrom('', 'one\n', 'two\n', 'two\r\n', 'three', `${'long '.repeat(300)}\n`);
const write = fc.record({ kind: fc.constant('write' as const), path, text: words });
const remove = fc.record({ kind: fc.constant('remove' as const), path });
const mode = fc.record({ kind: fc.constant('mode' as const), path, mode: fc.constantFrom(0o644, 0o600, 0o755) });
const link = fc.record({
  kind: fc.constant('link' as const),
  path,
  to: fc.constantFrom('a.md', 'nowhere', '../plans/p.md'),
});
const edits = fc.array(fc.oneof({ weight: 4, arbitrary: write }, remove, mode, { weight: 1, arbitrary: link }), {
  maxLength: 8,
});

const settings = fc
  .dictionary(fc.constantFrom('level', 'mode', 'api_key', 'name'), fc.constantFrom('1', '2', '"x"', '"secret word"'))
  .map((keys) =>
    Object.entries(keys)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join(''),
  );
const settingsOfMain = settings.map((text) => `${text}[tools]\non = true\n`);

const edit = (root: string, all: readonly Edit[]): void => {
  for (const one of all) {
    const at = join(root, one.path);
    const stands = lstatSync(at, { throwIfNoEntry: false });
    if (one.kind === 'mode') {
      if (stands?.isFile()) chmodSync(at, one.mode);
      continue;
    }
    rmSync(at, { recursive: true, force: true });
    if (one.kind === 'write') put(root, { [one.path]: one.text });
    if (one.kind === 'link') {
      put(root, { [one.path]: null, [`${one.path}.beside`]: 'beside\n' });
      symlinkSync(one.to, at);
    }
  }
};

const scenario = fc.record({
  mainFirst: edits,
  /** Whether the target was ever synced, or holds a copy made by hand. */
  before: fc.constantFrom('synced', 'copied', 'bare'),
  mainSettings: settingsOfMain,
  owner: edits,
  ownerSettings: fc.option(settings, { nil: undefined }),
  mainSecond: edits,
  mainSettingsSecond: fc.option(settingsOfMain, { nil: undefined }),
  full: fc.boolean(),
  skip: fc.constantFrom([], ['plans'], ['config']),
});

const ownState = /^\.lockstep(\/|$)/;

/** What stands at every path of a target, but for Lockstep's own folder and folders. */
const standing = (target: string): ReadonlyMap<string, FileState> =>
  new Map(
    files
      .walk(target)
      .filter(({ path: at, stat }) => !ownState.test(at) && stat.kind !== 'dir')
      .map(({ path: at }) => [at, files.state(join(target, at))]),
  );

const differences = (
  before: ReadonlyMap<string, FileState>,
  after: ReadonlyMap<string, FileState>,
): ReadonlyMap<string, { before: FileState; after: FileState }> =>
  new Map(
    [...new Set([...before.keys(), ...after.keys()])]
      .map(
        (at) =>
          [at, { before: before.get(at) ?? { kind: 'absent' }, after: after.get(at) ?? { kind: 'absent' } }] as const,
      )
      .filter(([, change]) => JSON.stringify(change.before) !== JSON.stringify(change.after)),
  );

const shownChanges = (plan: TargetPlan): ReadonlyMap<string, { before: FileState; after: FileState }> =>
  new Map(
    fileActions(plan)
      .filter(({ before, after }) => before.kind !== 'dir' && after.kind !== 'dir')
      .map(({ path: at, before, after }) => [at, { before, after }] as const),
  );

const plannedIn = ({ events }: Pick<Fleet, 'events'>): TargetPlan => {
  const planned = events.findLast((event) => event.kind === 'target.planned');
  if (planned === undefined) throw new Error('nothing was planned');
  return planned.plan;
};

const sorted = <T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

it('a dry run changes nothing at all, and a run right after it does exactly what it showed', async () => {
  const met = { written: 0, kept: 0, nothing: 0 };
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const world = fleet('app');
      const app = world.at('app');
      edit(world.root, given.mainFirst);
      put(world.root, { 'app.toml': given.mainSettings });
      commit(world.root, 'docs: generated');
      if (given.before === 'synced') expect((await world.run({}, ports)).exit).toBe(0);
      if (given.before === 'copied') edit(app, given.mainFirst);
      edit(app, given.owner);
      if (given.ownerSettings !== undefined) put(app, { 'app.toml': given.ownerSettings });
      edit(world.root, given.mainSecond);
      if (given.mainSettingsSecond !== undefined) put(world.root, { 'app.toml': given.mainSettingsSecond });
      commit(world.root, 'docs: generated again');
      const asked = { full: given.full, steps: { skip: given.skip } };

      const everything = treeStats(world.dir);
      world.events.length = 0;
      const shown = await world.run({ ...asked, mode: 'dry-run' }, dryRunPorts(ports));
      expect(treeStats(world.dir)).toEqual(everything);
      const shownPlan = world.events.some(({ kind }) => kind === 'target.planned') ? plannedIn(world) : undefined;

      const before = standing(app);
      const done = await world.run(asked, ports);
      const changes = differences(before, standing(app));
      if (shownPlan === undefined) {
        // What cannot be planned is refused by both, for the same cause.
        expect([done.results[0]?.outcome, done.results[0]?.cause]).toEqual([
          shown.results[0]?.outcome,
          shown.results[0]?.cause,
        ]);
        expect(sorted(changes)).toEqual([]);
        return;
      }
      expect(done.exit).toBe(0);
      expect(sorted(changes)).toEqual(sorted(shownChanges(shownPlan)));
      expect(done.results[0]?.counts).toEqual(shown.results[0]?.counts);
      const { added, changed, removed } = countActions(shownPlan.steps);
      expect(added + changed + removed).toBe(changes.size);
      met.written += changes.size > 0 ? 1 : 0;
      met.kept += (done.results[0]?.counts.kept ?? 0) > 0 ? 1 : 0;

      // And nothing is left to do then, nor written.
      const after = treeStats(app);
      const again = await world.run(asked, ports);
      if (!given.full) {
        expect(again.results[0]?.outcome).toBe('nothing-to-do');
        expect(treeStats(app)).toEqual(after);
        met.nothing += 1;
      }
      rmSync(world.dir, { recursive: true, force: true });
      expect(existsSync(world.dir)).toBe(false);
    }),
    { numRuns: 12, seed: 20_261_123, endOnFailure: true },
  );
  // The scenarios are not all about nothing.
  expect(met.written).toBeGreaterThan(3);
  expect(met.kept).toBeGreaterThan(1);
  expect(met.nothing).toBeGreaterThan(3);
});
