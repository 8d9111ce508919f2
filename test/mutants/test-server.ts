/** Runs test files of the checkout it stands in, one request after another in one Vitest, so that only what changed is read anew. */
import { join } from 'node:path';
import { createVitest, type TestModule } from 'vitest/node';
import type { ServerAnswer, ServerRequest } from './server-words.ts';

const vitest = await createVitest('test', {
  config: join(process.cwd(), 'test/vitest.config.ts'),
  watch: false,
  bail: 1,
  maxWorkers: 1,
  // A guard that was taken out once must not be remembered.
  isolate: true,
  reporters: [{}],
});

const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '') ?? 'it said nothing';
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const endOf = (modules: readonly TestModule[], unhandled: readonly unknown[]): ServerAnswer => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const failed = tests.find((test) => test.result().state === 'failed');
  if (failed !== undefined) return { kind: 'failed', test: failed.fullName };
  for (const module of modules) {
    const suites = [...module.children.allSuites()].flatMap((suite) => suite.errors());
    const [error] = [...module.errors(), ...suites];
    if (error !== undefined)
      return { kind: 'could-not-run', why: `${module.relativeModuleId}: ${firstLine(error.message)}` };
  }
  const [stray] = unhandled;
  if (stray !== undefined) return { kind: 'could-not-run', why: firstLine(String(stray)) };
  const passed = tests.filter((test) => test.result().state === 'passed').length;
  return passed === 0 ? { kind: 'could-not-run', why: 'no test has that name' } : { kind: 'passed', tests: passed };
};

const answer = async ({ files, named, changed }: ServerRequest): Promise<ServerAnswer> => {
  for (const file of changed) vitest.invalidateFile(join(process.cwd(), file));
  if (named.length === 0) vitest.resetGlobalTestNamePattern();
  else vitest.setGlobalTestNamePattern(new RegExp(named.map(escaped).join('|')));
  const paths = files.map((file) => join(process.cwd(), file));
  const all = await vitest.globTestSpecifications(paths);
  const chosen = all.filter(({ moduleId }) => paths.includes(moduleId));
  if (chosen.length === 0) return { kind: 'could-not-run', why: 'there is no such test file' };
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(chosen, false);
  // It answers with the files of every request so far: what failed with an earlier guard taken out says nothing of this one.
  const ids = new Set(chosen.map(({ moduleId }) => moduleId));
  return endOf(
    testModules.filter(({ moduleId }) => ids.has(moduleId)),
    unhandledErrors,
  );
};

process.on('message', (request: ServerRequest) => {
  answer(request)
    .catch((error: unknown): ServerAnswer => ({ kind: 'could-not-run', why: firstLine(String(error)) }))
    .then((end) => process.send?.(end));
});
process.on('disconnect', () => {
  vitest.close().finally(() => process.exit(0));
});
