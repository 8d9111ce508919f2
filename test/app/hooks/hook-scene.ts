/** A repository with a stand-in for Lockstep, and hooks of others, for putting hooks in place for real. */
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyHooks } from '../../../src/app/hooks/apply.ts';
import { planHooksInstall, planHooksUninstall } from '../../../src/app/hooks/install.ts';
import { hooksStatus } from '../../../src/app/hooks/status.ts';
import { machinePorts } from '../../fixtures/machine-ports.ts';
import { commit, git, initRepo, put, temporary } from '../../fixtures/sandbox.ts';

const ports = machinePorts();

/** A repository with a bare one beside it, and a stand-in for Lockstep that leaves what it was started with and what it read. */
export const scene = () => {
  const top = temporary('hooks-install');
  const root = initRepo(join(top, 'main'));
  put(root, { 'sync.config.yaml': 'version: 1\nproject: { name: words }\n', 'a.md': 'a\n' });
  commit(root, 'docs: first');
  const remote = join(top, 'remote.git');
  git(top, 'init', '-q', '--bare', remote);
  git(root, 'remote', 'add', 'origin', remote);
  const heard = join(top, 'heard');
  put(top, { node: `#!/bin/sh\nshift\nprintf '%s\\n' "$*" >>${heard}\ncat >>${heard}\n`, 'main.js': '' });
  chmodSync(join(top, 'node'), 0o755);
  const launcher = { node: join(top, 'node'), main: join(top, 'main.js') };
  const site = async () => {
    const places = await ports.git.places(root);
    if (places === undefined) throw new Error('no repository');
    return { ports, git: places };
  };
  const request = async () => {
    const at = await site();
    return { ...at, launcher, stateDir: join(at.git.commonDir, 'lockstep') };
  };
  return {
    top,
    root,
    remote,
    /** What git hands to `pre-push` of a first push of main. */
    line: () => `refs/heads/main ${git(root, 'rev-parse', 'HEAD')} refs/heads/main ${'0'.repeat(40)}\n`,
    heard: () => (existsSync(heard) ? readFileSync(heard, 'utf8') : ''),
    plan: async () => planHooksInstall(await request()),
    install: async () => {
      const plan = await planHooksInstall(await request());
      applyHooks(ports, (await site()).git, plan.actions);
      return plan;
    },
    uninstall: async () => {
      const plan = await planHooksUninstall(await site());
      applyHooks(ports, (await site()).git, plan.actions);
      return plan;
    },
    status: async () => hooksStatus(await site()),
  };
};

/** A hook of somebody else: it notes its arguments and lines, and ends as it is told. */
export const own = (code: number, log: string): string =>
  `#!/bin/sh\necho "own $*" >>${log}\ncat >>${log}\nexit ${code}\n`;
