import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openMain } from '../../src/app/main-project.ts';
import { keepTrust, requireTrust, viewTrust } from '../../src/app/trust/trust.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';

const pipeline = `name: nodes
extends: site-packages
steps:
  - before: verify
    id: link
    run: ["\${{ target.python }}", scripts/link.py, --all]
    writes: ["custom_nodes/**"]
    env: { NODES: "1", API_TOKEN: planted-secret }
`;

const projectWith = (files: Readonly<Record<string, string>> = {}): string => {
  const root = sampleMain(join(temporary(), 'main'));
  put(root, files);
  commit(root, 'feat: more');
  return root;
};

const scripts = { 'pipelines/nodes.yaml': pipeline, 'scripts/link.py': 'import os\n', 'scripts/beside.py': 'x = 1\n' };

const open = (root: string) => openMain(machinePorts(), root);
const hashOf = async (root: string): Promise<string> => (await viewTrust(await open(root), {})).hash;

describe('what is trusted', () => {
  it('is everything that a run executes: checks, commands, their scripts and what lies beside, the build', async () => {
    const { parts } = await viewTrust(await open(projectWith(scripts)), {});
    expect(parts.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^suite core, check /),
        'pipeline nodes, step link',
        'file scripts/link.py',
        'file scripts/beside.py',
        'building opencode-ai from src/opencode',
      ]),
    );
  });

  it('masks what is secret, and sees that it changed', async () => {
    const root = projectWith(scripts);
    const { parts, hash } = await viewTrust(await open(root), {});
    expect(JSON.stringify(parts)).not.toContain('planted-secret');
    put(root, { 'pipelines/nodes.yaml': pipeline.replace('planted-secret', 'another') });
    expect(await hashOf(root)).not.toBe(hash);
  });

  it.each([
    ['a command', { 'pipelines/nodes.yaml': pipeline.replace('--all', '--some') }],
    ['a script', { 'scripts/link.py': 'import sys\n' }],
    ['what lies beside a script', { 'scripts/beside.py': 'x = 2\n' }],
    ['a new pipeline that cannot be read', { 'pipelines/other.yaml': 'steps: [{ run: 1' }],
  ])('changes with %s', async (_what, files) => {
    const root = projectWith(scripts);
    const before = await hashOf(root);
    put(root, files);
    commit(root, 'feat: changed');
    expect(await hashOf(root)).not.toBe(before);
  });

  it('changes with a check', async () => {
    const root = projectWith();
    const before = await hashOf(root);
    const config = text(root, 'sync.config.yaml').replace(
      /^suites:$/m,
      '$&\n  more: [{ uses: command, with: { argv: [make] } }]',
    );
    put(root, { 'sync.config.yaml': config });
    expect(await hashOf(root)).not.toBe(before);
  });

  it('stays the same for a document, a module and what is not committed of a script', async () => {
    const root = projectWith(scripts);
    const before = await hashOf(root);
    put(root, { 'docs/more.md': '# More\n', 'src/opencode/src/opencode/more.py': 'x = 1\n' });
    commit(root, 'docs: more');
    put(root, { 'scripts/link.py': 'not committed\n' });
    expect(await hashOf(root)).toBe(before);
  });
});

describe('trust on this machine', () => {
  const env = (): Record<string, string> => ({ XDG_STATE_HOME: join(temporary(), 'state') });
  const requiring = async (root: string, given: Record<string, string>, ask: (() => Promise<boolean>) | null = null) =>
    requireTrust(await open(root), { env: given, ask, tree: null, keep: true });

  it('is missing at first: refused with all of it, and how to go on', async () => {
    await expect(requiring(projectWith(), env())).rejects.toMatchObject({
      code: 'untrusted',
      message: expect.stringContaining('is not trusted on this machine yet'),
      details: expect.arrayContaining(['+ building opencode-ai from src/opencode']),
      hint: expect.stringMatching(/lockstep trust \(in CI: LOCKSTEP_TRUST=[0-9a-f]{64}\)/),
    });
  });

  it('is remembered, until what is executed changes: then only the lines that changed are told', async () => {
    const root = projectWith(scripts);
    const here = env();
    const main = await open(root);
    keepTrust(main, here, await viewTrust(main, here));
    await requiring(root, here);
    put(root, { 'scripts/link.py': 'import os\nos.system("x")\n' });
    commit(root, 'feat: more');
    await expect(requiring(root, here)).rejects.toMatchObject({
      code: 'untrusted',
      message: expect.stringContaining('changed since it was trusted'),
      details: ['~ file scripts/link.py', '    + os.system("x")'],
    });
  });

  it('is asked for once when somebody sits there', async () => {
    const root = projectWith();
    const here = env();
    let asked = 0;
    const yes = async () => {
      asked += 1;
      return true;
    };
    await requiring(root, here, yes);
    await requiring(root, here, yes);
    expect(asked).toBe(1);
    await expect(requiring(root, env(), async () => false)).rejects.toMatchObject({ code: 'untrusted' });
  });

  it('is given by the hash alone in CI, and by no other', async () => {
    const root = projectWith();
    await requiring(root, { LOCKSTEP_TRUST: await hashOf(root) });
    await expect(requiring(root, { LOCKSTEP_TRUST: '*' })).rejects.toMatchObject({ code: 'untrusted' });
    await expect(requiring(root, { LOCKSTEP_TRUST: '' })).rejects.toMatchObject({ code: 'untrusted' });
  });

  it('cannot be brought by a repository: another checkout of the same project is not trusted', async () => {
    const root = projectWith();
    const here = env();
    const main = await open(root);
    keepTrust(main, here, await viewTrust(main, here));
    mkdirSync(join(root, '.lockstep'), { recursive: true });
    await expect(requiring(projectWith(), here)).rejects.toMatchObject({ code: 'untrusted' });
  });
});
