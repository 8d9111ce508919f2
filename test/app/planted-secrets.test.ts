import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import fse from 'fs-extra';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verify } from '../../src/app/verify.ts';
import { maskText } from '../../src/domain/mask-text.ts';
import { defaultSecrets } from '../../src/domain/secrets.ts';
import { trustedHome } from '../fixtures/machine-ports.ts';
import { commit, put } from '../fixtures/sandbox.ts';
import { type Words, wordsProject } from '../fixtures/words-project.ts';

let words: Words;
beforeAll(() => {
  words = wordsProject();
});
afterAll(() => words.remove());

const secret = fc.stringMatching(/^PLANTED[A-Za-z0-9+/_-]{3,20}$/);
const key = fc.constantFrom(
  'api_key',
  'AUTH_TOKEN',
  'client-secret',
  'db_pwd',
  'password',
  'session_id',
  'dsn',
  'providers.x.key',
);
/** The ways in which programs tell of a value, each on lines of its own. */
const forms: readonly ((key: string, value: string) => string)[] = [
  (key, value) => `${key} = ${value}`,
  (key, value) => `${key} = "${value}"`,
  (key, value) => `export ${key}='${value} x'`,
  (key, value) => `INFO ${key}: ${value}`,
  (key, value) => `{"a": 1, "${key}": "${value}", "b": 2}`,
  (key, value) => `{'${key}': ['x', '${value}']}`,
  (key, value) => `+ tool --${key} ${value} --model m`,
  (key, value) => `+ tool --${key}=${value}`,
  (_key, value) => `GET https://me:${encodeURIComponent(value)}@index.example/simple/`,
  (key, value) => `${key} = """\nfirst\n${value}\n"""`,
  (key, value) => `${key}: |\n  first\n  ${value}`,
  (key, value) => `${key} = [\n  "x",\n  "${value}",\n]`,
  (_key, value) => `-----BEGIN PRIVATE KEY-----\n${value}\n-----END PRIVATE KEY-----`,
];
const said = fc.tuple(fc.constantFrom(...forms), key, secret).map(([form, name, value]) => form(name, value));

it('hides what programs print under a secret name, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.array(said, { minLength: 1, maxLength: 6 }), (lines) => {
      expect(maskText(`first\n${lines.join('\nand then\n')}\nlast`, defaultSecrets)).not.toContain('PLANTED');
    }),
    { numRuns: 300 },
  );
});

/** Everything that a state folder keeps, but for the backups: they hold the target's files as they are. */
const kept = (): string => {
  const state = join(words.root, '.git/lockstep');
  const paths = (fse.readdirSync(state, { recursive: true }) as string[]).filter((path) => !path.startsWith('store'));
  return paths
    .map((path) => join(state, path))
    .filter((path) => fse.statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
};

it('no result, event, plan, record or report of a failing check holds a planted secret', async () => {
  expect((await words.sync(['app'])).results).toMatchObject([{ outcome: 'done' }]);
  const lines = fc.sample(said, { numRuns: 40, seed: 7 });
  put(words.target('app'), {
    'words.toml': 'model = "m1"\napi_key = "PLANTEDowner"\n\n[auth]\nnames = ["PLANTEDlisted"]\n',
    'said.txt': [...lines, 'plain PLANTEDowner, PLANTEDlisted and PLANTEDmain'].join('\n'),
    'speak.sh': 'cat said.txt; tail -n 4 said.txt >&2; exit 1\n',
  });
  put(words.root, { 'words.toml': 'model = "m2"\napi_key = "PLANTEDmain"\n', 'docs/a.md': 'a2\n' });
  commit(words.root, 'feat: secrets');
  const report = await words.sync(['app']);
  expect(report.results).toMatchObject([{ outcome: 'undone', error: { code: 'verify-failed' } }]);
  // It is told, masked: nobody has to guess what went wrong.
  expect(report.results[0]?.error?.details?.join('\n')).toContain('plain •••, ••• and •••');
  const main = await words.main();
  const { signal } = new AbortController();
  const reports = await verify(main, {
    targets: { names: ['app'] },
    suites: null,
    ask: async () => true,
    emit: () => {},
    signal,
    env: trustedHome(),
  });
  expect(reports).toMatchObject([{ passed: false }]);
  expect(JSON.stringify(reports)).toContain('plain •••, ••• and');
  for (const text of [JSON.stringify([report, reports]), kept()]) expect(text.match(/PLANTED\w*/g)).toBeNull();
});
