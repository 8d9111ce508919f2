/** The chapters from a changed main project to targets that are in step with it, checked on disk. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { targetsFolder, workOnMain } from './main-project.ts';
import type { Stage } from './stage.ts';
import { type DemoTarget, type DemoTargets, ownerMarks, packageDir } from './targets.ts';
import { contentOf, differences, timesOf } from './tree.ts';

/** What the demo reads of a receipt. */
interface Receipt {
  readonly decisions: readonly { readonly path: string; readonly choice: string }[];
}

/** The content of a target's documents. */
export const documentsOf = (target: DemoTarget): readonly string[] => contentOf(join(packageDir(target), 'docs'));

const claimVersions = async ({ shell, claims }: Stage, targets: DemoTargets): Promise<void> => {
  const answers = await Promise.all(
    Object.values(targets).map(
      async ({ name, cli, path }) => `${name} ${(await shell.run(path, [cli, '--version'])).text}`,
    ),
  );
  claims.claim('the command of every target answers 1.3.0', {
    holds: answers.every((answer) => answer.endsWith(' 1.3.0')),
    where: 'python_embeded/bin/opencode --version, .venv/bin/opencode --version',
    instead: answers.join('\n'),
  });
};

const claimClone = async ({ shell, claims, main }: Stage, target: DemoTarget): Promise<void> => {
  const clone = join(target.path, 'vendor/opencode_4py');
  const [wanted, found, changed] = await Promise.all([
    shell.must(main, ['git', 'rev-parse', 'v1.3.0^{commit}']),
    shell.must(clone, ['git', 'rev-parse', 'HEAD']),
    shell.must(clone, ['git', 'status', '--porcelain']),
  ]);
  claims.claim('the clone was moved to v1.3.0 and is clean', {
    holds: wanted === found && changed === '',
    where: relative(join(target.path, '..'), clone),
    instead: `${found}\n${changed}`,
  });
};

const claimOwnersWork = ({ claims, root }: Stage & { readonly root: string }, target: DemoTarget): void => {
  const place = packageDir(target);
  const document = join(place, ownerMarks.document);
  claims.claim("the document that its owner edited is the owner's", {
    holds: readFileSync(document, 'utf8').endsWith(`\n${ownerMarks.sentence}\n`),
    where: relative(root, document),
    instead: readFileSync(document, 'utf8'),
  });
  const receipts = join(target.path, '.lockstep/receipts');
  const written = readdirSync(receipts).map(
    (name) => JSON.parse(readFileSync(join(receipts, name), 'utf8')) as Receipt,
  );
  const decisions = written.flatMap((receipt) => receipt.decisions);
  claims.claim('the receipt says that this document was kept', {
    holds: decisions.some(({ path, choice }) => path.endsWith(ownerMarks.document) && choice === 'kept'),
    where: relative(root, receipts),
    instead: JSON.stringify(decisions),
  });
  const docs = ['docs/guides/providers.md', 'plans/archive/SYNC_PLAN.md'];
  const gone = ['docs/api/reference.md', 'plans/SYNC_PLAN.md'];
  const wrong = [
    ...docs.filter((path) => !existsSync(join(place, path))).map((path) => `${path} is missing`),
    ...gone.filter((path) => existsSync(join(place, path))).map((path) => `${path} is still there`),
  ];
  claims.claim('documents added, moved and deleted in main are so in the target', {
    holds: wrong.length === 0,
    where: relative(root, join(place, 'docs')),
    instead: wrong.join('\n'),
  });
  const config = join(target.path, 'opencode.toml');
  const lines = readFileSync(config, 'utf8').split('\n');
  const lost = ownerMarks.lines.filter((line) => !lines.includes(line));
  claims.claim("the owner's keys are as the owner left them", {
    holds: lost.length === 0,
    where: relative(root, config),
    instead: `not there any more:\n${lost.join('\n').replaceAll(ownerMarks.secret, '********')}`,
  });
};

const claimConfig = ({ claims, root }: Stage & { readonly root: string }, target: DemoTarget, before: string): void => {
  const config = join(target.path, 'opencode.toml');
  const now = readFileSync(config, 'utf8');
  const comments = before.split('\n').filter((line) => line.includes('#'));
  const lost = comments.filter((line) => !now.split('\n').includes(line));
  claims.claim('every comment of the configuration is where it was', {
    holds: comments.length > 5 && lost.length === 0,
    where: relative(root, config),
    instead: lost.join('\n').replaceAll(ownerMarks.secret, '********'),
  });
  claims.claim("main's new provider is in the configuration", {
    holds: /^\[providers\.local\]\n(?:.*\n)*?model = "small"/m.test(now),
    where: `${relative(root, config)}, [providers.local]`,
    instead: now.replaceAll(ownerMarks.secret, '********'),
  });
};

interface FinishedRun {
  readonly kind: string;
  readonly results?: readonly { readonly target: string; readonly outcome: string; readonly cause: string }[];
  readonly processes?: Readonly<Record<string, number>>;
}

/** The last event of a run that was typed with `--json`. */
const finished = (out: string): FinishedRun | undefined =>
  out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as FinishedRun)
    .find(({ kind }) => kind === 'run.finished');

const secondRun = async (stage: Stage, folders: readonly string[]): Promise<void> => {
  const look = (): readonly string[] => folders.flatMap((dir) => [...contentOf(dir), ...timesOf(dir)]);
  const before = look();
  const ran = await stage.lockstep('sync run --all-targets --json', { show: 4 });
  const written = differences(before, look());
  stage.claims.claim('the second run of the same commit writes nothing under the targets', {
    holds: written.length === 0,
    where: 'content and time of every path, before and after',
    instead: written.join('\n'),
  });
  const end = finished(ran.out);
  const processes = Object.entries(end?.processes ?? { 'no run.finished event': 1 }).filter(([as]) => as !== 'git');
  stage.claims.claim('the second run starts no Python and no pip', {
    holds: processes.every(([, count]) => count === 0),
    where: 'sync run --json, the processes of its last event',
    instead: `${JSON.stringify(processes)} ${JSON.stringify(end?.results?.map(({ target, cause }) => `${target}: ${cause}`))}`,
  });
};

/** Main moves to 1.3.0; the targets are looked at, dry run, synced, verified and synced again. */
export const syncChapter = async (stage: Stage, targets: DemoTargets): Promise<void> => {
  const { shell, claims, main } = stage;
  const root = join(main, targetsFolder);
  const folders = Object.values(targets).map(({ path }: DemoTarget) => path);
  const config = readFileSync(join(targets.edited.path, 'opencode.toml'), 'utf8');
  stage.chapter('Main changes: what concerns whom?');
  await workOnMain(shell, main);
  for (const line of (await shell.must(main, ['git', 'log', '--oneline', 'v1.2.0..'])).split('\n')) stage.say(line);
  await stage.lockstep('sync detect --since v1.2.0', { show: 24 });
  await stage.lockstep('sync checklist --since v1.2.0', { show: 24 });
  await stage.lockstep(`config diff ${targets.edited.name}`);

  stage.chapter('The plan, without touching anything');
  const before = contentOf(main);
  await stage.lockstep('sync run --all-targets --dry-run', { show: 36 });
  const written = differences(before, contentOf(main));
  claims.claim('the dry run wrote nothing: main, its state, all targets', {
    holds: written.length === 0,
    where: 'content of every path, before and after',
    instead: written.join('\n'),
  });

  stage.chapter('Sync, verify, status, and once more');
  await stage.lockstep('sync run --all-targets', { show: 40 });
  await stage.lockstep('sync verify --all-targets', { show: 24 });
  await stage.lockstep('sync status', { show: 20 });
  await claimVersions(stage, targets);
  await claimClone(stage, targets.source);
  claimOwnersWork({ ...stage, root }, targets.edited);
  claimConfig({ ...stage, root }, targets.edited, config);
  await secondRun(stage, folders);
};
