/** Runs the whole job on a main project and three targets made for it, and exits 1 when anything it claims does not hold. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimTable, openClaims } from './claims.ts';
import { targetsFolder } from './main-project.ts';
import { openShell } from './shell.ts';
import { mainRoot, tellStory } from './story.ts';

// Bundled to dist/demo.mjs, beside the built command.
const dist = dirname(fileURLToPath(import.meta.url));
const template = join(dist, '..', 'test/fixtures/sample-project');

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const words = process.argv.slice(2);
const wrong = words.find((word) => word !== '--keep');
if (wrong !== undefined) {
  process.stderr.write(`npm run demo takes --keep only, not ${wrong}: npm run demo -- --keep\n`);
  process.exit(2);
}
const keep = words.includes('--keep');

const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-demo-')));
// What is trusted here is forgotten with the demo.
const shell = openShell({ XDG_STATE_HOME: join(root, 'state') });
const claims = openClaims(print);
const started = Date.now();

const tidy = (): void => {
  if (keep) print(`Kept: ${root}`);
  else rmSync(root, { recursive: true, force: true, maxRetries: 3 });
};

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void shell.stop().then(() => {
      tidy();
      process.exit(128 + constants.signals[signal]);
    });
  });
}

print(`The demo's folder is ${root}${keep ? '' : ' (removed at the end; --keep keeps it)'}`);
try {
  await tellStory({ shell, claims, print, root, template, command: join(dist, 'main.js') });
  print('');
  print(`== What happened, and where to look (${((Date.now() - started) / 1000).toFixed(0)} s) ==`);
  print(`  main: ${mainRoot(root)}; the targets: ${targetsFolder} below it`);
  for (const line of claimTable(claims.all())) print(line);
  if (!keep) print(`The folder is removed now: npm run demo -- --keep leaves it to look at.`);
  process.exitCode = claims.all().every(({ holds }) => holds) ? 0 : 1;
} catch (error) {
  if (!stopping) {
    process.stderr.write(`\nThe demo could not go on: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
if (!stopping) tidy();
