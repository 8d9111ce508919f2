/** The chapters of things going wrong: a release that does not start is undone, and one component is rolled back. */
import { join, relative } from 'node:path';
import { breakMain } from './main-project.ts';
import type { Stage } from './stage.ts';
import { type DemoTarget, packageDir } from './targets.ts';
import { contentOf, differences } from './tree.ts';
import { documentsOf } from './week-of-work.ts';

/** A package that cannot be imported: verify fails and the target is put back by itself. */
export const breakChapter = async (stage: Stage, target: DemoTarget): Promise<void> => {
  const { shell, claims, main } = stage;
  stage.chapter('A release that does not start');
  await breakMain(shell, main);
  stage.say(await shell.must(main, ['git', 'log', '--oneline', '-1']));
  const before = contentOf(target.path);
  const ran = await stage.lockstep(`sync run --target ${target.name}`, { code: 5, show: 30 });
  const left = differences(before, contentOf(target.path));
  claims.claim('a release that does not start ends with exit status 5', {
    holds: ran.code === 5,
    where: `sync run --target ${target.name}`,
    instead: `it was ${ran.code}`,
  });
  claims.claim('the target is, path by path, as before that run', {
    holds: left.length === 0,
    where: target.name,
    instead: left.join('\n'),
  });
  const answer = (await shell.run(target.path, [target.cli, '--version'])).text.trim();
  claims.claim('its old command answers 1.3.0', {
    holds: answer === '1.3.0',
    where: relative(join(target.path, '..'), target.cli),
    instead: answer,
  });
  await shell.must(main, ['git', 'revert', '--no-edit', 'HEAD']);
  stage.say('');
  stage.say(`taken back: ${await shell.must(main, ['git', 'log', '--oneline', '-1'])}`);
};

/** `documents` is what the target's documents were before main moved to 1.3.0. */
export const rollbackChapter = async (
  stage: Stage,
  target: DemoTarget,
  documents: readonly string[],
): Promise<void> => {
  const { shell, claims } = stage;
  stage.chapter('Only the documents go back');
  await stage.lockstep(`target backups ${target.name}`);
  const before = contentOf(target.path);
  await stage.lockstep(`sync rollback --target ${target.name} --component docs`, { show: 20 });
  await stage.lockstep('sync status', { show: 20 });
  const wrong = differences(documents, documentsOf(target));
  claims.claim('the documents are as before 1.3.0', {
    holds: documents.length > 0 && wrong.length === 0,
    where: relative(join(target.path, '..'), join(packageDir(target), 'docs')),
    instead: wrong.join('\n'),
  });
  const own = `${relative(target.path, packageDir(target))}/`;
  const others = differences(before, contentOf(target.path)).filter(
    (line) => ![`${own}docs`, `${own}README.md`, `${own}MISSION.md`, ' .lockstep/'].some((part) => line.includes(part)),
  );
  const answer = (await shell.run(target.path, [target.cli, '--version'])).text.trim();
  claims.claim('nothing but the documents went back', {
    holds: others.length === 0 && answer === '1.3.0',
    where: `${target.name}, opencode --version`,
    instead: [answer, ...others].join('\n'),
  });
};
