/** The demo's main project: the sample package with a history, and the changes that it goes through. */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Shell } from './shell.ts';

/** Where the targets lie, as the reference has them: inside the main project, in a folder that it ignores. */
export const targetsFolder = 'for_testing/as_dependency';

const put = (root: string, path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const edit = (root: string, path: string, change: (text: string) => string): void => {
  const before = readFileSync(join(root, path), 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`the demo's change to ${path} no longer fits the sample project`);
  writeFileSync(join(root, path), after);
};

const setVersion = (root: string, version: string): void => {
  for (const path of ['src/opencode/pyproject.toml', 'src/opencode/src/opencode/__init__.py']) {
    edit(root, path, (text) => text.replace(/(version(?:__)? = )"[^"]+"/, `$1"${version}"`));
  }
};

const commit = async (shell: Shell, root: string, message: string): Promise<void> => {
  await shell.must(root, ['git', 'add', '-A']);
  await shell.must(root, ['git', 'commit', '-q', '-m', message]);
};

const release = async (shell: Shell, root: string, version: string): Promise<void> => {
  setVersion(root, version);
  await commit(shell, root, `chore: release ${version}`);
  await shell.must(root, ['git', 'tag', '-a', `v${version}`, '-m', `v${version}`]);
};

/** A repository of three commits: v1.1.0, an error page for the RAG store, v1.2.0. */
export const makeMain = async (shell: Shell, template: string, root: string): Promise<void> => {
  cpSync(template, root, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  await shell.must(root, ['git', 'init', '-q', '-b', 'main']);
  const page = 'RAG/troubleshooting/errors/ERR-001.md';
  const text = readFileSync(join(root, page), 'utf8');
  const index = readFileSync(join(root, 'RAG/troubleshooting/README.md'), 'utf8');
  rmSync(join(root, page));
  put(root, 'RAG/troubleshooting/README.md', '# Troubleshooting\n\nNo errors so far.\n');
  setVersion(root, '1.1.0');
  await commit(shell, root, 'feat: first version');
  await shell.must(root, ['git', 'tag', '-a', 'v1.1.0', '-m', 'v1.1.0']);
  put(root, page, text);
  put(root, 'RAG/troubleshooting/README.md', index);
  await commit(shell, root, 'docs(rag): describe the first error');
  await release(shell, root, '1.2.0');
};

/** What a week of work does: code, documents edited, added and deleted, a plan moved, configuration, a release. */
export const workOnMain = async (shell: Shell, root: string): Promise<void> => {
  edit(root, 'src/opencode/src/opencode/provider/openai.py', (text) => text.replace('"gpt-b"]', '"gpt-b", "gpt-c"]'));
  edit(root, 'config/opencode.toml', (text) =>
    text
      .replace('default_model = "gpt-a" ', 'default_model = "gpt-c" ')
      .replace(
        '\n[tools]',
        '\n# a provider that needs no key\n[providers.local]\nmodel = "small"\nurl = "http://127.0.0.1:8080"\n\n[tools]',
      ),
  );
  await commit(shell, root, 'feat(provider): a local provider, gpt-c by default');
  edit(root, 'src/opencode/src/opencode/core/session.py', (text) => `${text}\n# sessions end with the process\n`);
  await commit(shell, root, 'fix(security): end sessions with the process');
  edit(root, 'docs/guides/start.md', (text) => `${text}\nThe first start takes a moment.\n`);
  put(root, 'docs/guides/providers.md', '# Providers\n\nA local one needs no key. Back to the [start](start.md).\n');
  rmSync(join(root, 'docs/api'), { recursive: true });
  edit(root, 'docs/INDEX.md', (text) =>
    text.replace('- [API](api/reference.md#endpoints)', '- [Providers](guides/providers.md)'),
  );
  renameSync(join(root, 'plans/SYNC_PLAN.md'), join(root, 'plans/archive/SYNC_PLAN.md'));
  await commit(shell, root, 'docs: providers in, the empty reference out');
  await release(shell, root, '1.3.0');
};

/** A commit whose package cannot be imported. */
export const breakMain = async (shell: Shell, root: string): Promise<void> => {
  edit(
    root,
    'src/opencode/src/opencode/cli/main.py',
    (text) => `raise RuntimeError("this release is broken")\n${text}`,
  );
  edit(root, 'docs/INDEX.md', (text) => `${text}\nNew in 1.4.0.\n`);
  setVersion(root, '1.4.0');
  await commit(shell, root, 'feat: 1.4.0, which does not start');
};
