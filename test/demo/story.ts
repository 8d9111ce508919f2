/** The demo's chapters in their order: first sync, a week of work, a broken release, a partial rollback. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { breakChapter, rollbackChapter } from './broken-release.ts';
import { makeMain } from './main-project.ts';
import { openStage, type StageParts } from './stage.ts';
import { editAsOwner, makeTargets, ownerMarks } from './targets.ts';
import { documentsOf, syncChapter } from './week-of-work.ts';

export interface StoryRequest extends Omit<StageParts, 'main'> {
  /** An empty folder. */
  readonly root: string;
  /** The sample project's folder. */
  readonly template: string;
}

/** Where the demo's main project lies in its folder. */
export const mainRoot = (root: string): string => join(root, 'opencode_4py');

export const tellStory = async ({ root, template, ...parts }: StoryRequest): Promise<void> => {
  const main = mainRoot(root);
  const { shell, claims } = parts;
  const stage = openStage({ ...parts, main });

  stage.chapter('A main project and three targets');
  mkdirSync(main);
  await makeMain(shell, template, main);
  stage.say(`${main}: ${await shell.must(main, ['git', 'log', '--oneline', '--decorate=short', '-1'])}`);
  const targets = await makeTargets(shell, main, join(root, 'v1.1.0'));
  for (const { name, cli, path } of [targets.portable, targets.source, targets.edited]) {
    stage.say(`${name}: opencode ${await shell.must(path, [cli, '--version'])}`);
  }
  for (const { name, path } of [targets.portable, targets.source, targets.edited]) {
    await stage.lockstep(`target add ${name} --path ${path.slice(main.length + 1)}`, { show: 10 });
  }
  await stage.lockstep('target list');

  stage.chapter('The first sync, then an owner edits a document and some configuration');
  const refused = await stage.lockstep('sync run --all-targets', { code: 6, show: 6 });
  claims.claim('code that nobody trusts on this machine is not run', {
    holds: refused.code === 6 && refused.text.includes('is not trusted on this machine yet'),
    where: 'lockstep trust shows it',
    instead: refused.text,
  });
  await stage.lockstep('trust --yes', { show: 12 });
  const first = await stage.lockstep('sync run --all-targets', { show: 24 });
  if (first.code !== 0)
    throw new Error(`the first sync ended with exit status ${first.code}, so there is nothing to go on with`);
  editAsOwner(targets.edited);
  stage.say('');
  stage.say(`${targets.edited.name}: its owner added a sentence to ${ownerMarks.document} and set in opencode.toml:`);
  for (const line of ownerMarks.lines) stage.say(`  ${line.replace(ownerMarks.secret, '********')}`);

  const documents = documentsOf(targets.edited);
  await syncChapter(stage, targets);
  await breakChapter(stage, targets.portable);
  await rollbackChapter(stage, targets.edited, documents);

  const surprises = stage.surprises();
  claims.claim('every command ended with the exit status it should', {
    holds: surprises.length === 0,
    where: 'above, after each $ lockstep',
    instead: surprises.join('\n'),
  });
  claims.claim('the secret of the edited target was never printed', {
    holds: !shell.transcript().includes(ownerMarks.secret),
    where: 'all output above; opencode.toml holds it',
  });
};
