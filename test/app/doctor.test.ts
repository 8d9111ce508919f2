import { createHash } from 'node:crypto';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { examine } from '../../src/app/doctor/doctor.ts';
import type { DoctorCheck, Finding } from '../../src/app/doctor/doctor-check.ts';
import { doctorGround } from '../../src/app/doctor/ground.ts';
import { doctorChecks } from '../../src/app/doctor/kinds/index.ts';
import { runCommand } from '../../src/cli/program.ts';
import { stampedSchema } from '../../src/config/stamped-schema.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { Ports } from '../../src/ports.ts';
import { type Fleet, fleet, fleetConfig } from '../fixtures/fleet.ts';
import { machinePorts, machineWorld } from '../fixtures/machine-ports.ts';
import { cutOff } from '../fixtures/plain-world.ts';
import { commit, put, temporary, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

const ports = machinePorts();
const roomy: Ports = { ...ports, machine: { node: '20.19.0', freeBytes: () => 2 ** 40 } };

interface Answer {
  readonly code: number;
  readonly findings: readonly (Finding & { readonly check: string })[];
  readonly done: readonly { readonly check: string; readonly line: string }[];
  readonly error?: { readonly code: string };
}

/** What `doctor --json` answers. */
const doctor = async (dir: string, ...words: readonly string[]): Promise<Answer> => {
  const out: string[] = [];
  const world = machineWorld(dir, { out: (line) => void out.push(line), err: () => {} });
  // Hooks whose program is gone are broken: this one is there also where nothing was built.
  const launcher = { node: process.execPath, main: process.execPath };
  const code = await runCommand({ ...world, launcher }, ['doctor', '--json', ...words]);
  expect(out).toHaveLength(1);
  return { ...(JSON.parse(out[0] ?? '') as Omit<Answer, 'code'>), code };
};

const of = (answer: Pick<Answer, 'findings'>, check: string) => answer.findings.filter((one) => one.check === check);

interface Asked {
  readonly dir: string;
  readonly ports?: Ports;
  readonly mode?: 'look' | 'mend';
}

/** What one check alone sees. */
const found = async (name: string, { dir, ports = roomy, mode = 'look' }: Asked): Promise<readonly Finding[]> => {
  const launcher = { node: process.execPath, main: process.execPath };
  const ground = doctorGround({ ports, dir, env: {}, launcher, version: '1.0.0' });
  const checks = doctorChecks.filter((check) => check.name === name);
  return (await examine({ ground, checks, mode, signal: new AbortController().signal })).findings;
};

/** The lock of a process that is no more. */
const deadLock = (path: string): void => {
  const facts = { format: 1, ...ports.identity.self(), pid: 2 ** 22 + 5, nonce: 'a', time: '2026-11-23T00:00:00Z' };
  fse.outputFileSync(path, `${JSON.stringify({ ...facts, what: 'sync run of app' })}\n`);
};

/** A copy as an older Lockstep wrote it. */
const olderCopy = (): string => {
  const now = JSON.parse(stampedSchema('pipeline.schema.json', '0.0.1')) as Record<string, unknown>;
  const { $comment: _, ...rest } = now;
  const schema = { ...rest, title: 'as it was then' };
  return JSON.stringify({
    $comment: `written by lockstep 0.0.1; sha256 ${createHash('sha256').update(JSON.stringify(schema)).digest('hex')}`,
    ...schema,
  });
};

const sick = async (): Promise<Fleet> => {
  const one = fleet('app', 'web');
  put(one.root, {
    'sync.config.yaml': `${fleetConfig}hooks: { post-merge: notify }\n`,
    'schemas/pipeline.schema.json': olderCopy(),
    'schemas/sync.config.schema.json': '{ "title": "mine" }',
  });
  commit(one.root, 'docs: second');
  put(one.at('app'), { 'own.txt': 'own\n' });
  await cutOff({ main: await one.main() }, { target: 'app', roots: { target: one.at('app') }, paths: ['own.txt'] });
  deadLock(join(one.at('web'), '.lockstep/lock'));
  deadLock(join(one.root, '.git/lockstep/locks/backups.lock'));
  return one;
};

describe('the checks', () => {
  it('have each a name of their own and a summary, and all of them are looked at', async () => {
    const names = doctorChecks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const answer = await doctor(fleet('app').root);
    for (const { name, summary } of doctorChecks) {
      expect(summary).not.toBe('');
      expect(of(answer, name), name).not.toEqual([]);
    }
    const wanting = answer.findings.filter(({ verdict, mend }) => verdict !== 'fine' && mend === null);
    expect(wanting).toEqual([]);
    expect(answer.findings.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
    expect({ code: answer.code, done: answer.done }).toEqual({ code: 0, done: [] });
  });

  it.each([
    ['20.19.0', 'fine', 'Node.js 20.19.0'],
    ['20.18.3', 'broken', 'Node.js 20.18.3 is too old'],
  ])('node %s is %s', async (node, verdict, cause) => {
    const machine = { node, freeBytes: () => 0 };
    expect(await found('node', { dir: temporary('doctor'), ports: { ...ports, machine } })).toMatchObject([
      { verdict, cause },
    ]);
  });

  it('little room is a warning, hardly any is broken, and what cannot be told is unknown', async () => {
    const { root: dir } = fleet();
    const rooms = [
      [50 * 2 ** 20, 'broken', '50 MiB free'],
      [500 * 2 ** 20, 'warning', '500 MiB free'],
      [3 * 2 ** 30, 'fine', '3.0 GiB free'],
      [undefined, 'unknown', 'how much room there is cannot be told'],
    ] as const;
    for (const [bytes, verdict, cause] of rooms) {
      const machine = { node: '20.19.0', freeBytes: () => bytes };
      expect(await found('disk', { dir, ports: { ...ports, machine } })).toMatchObject([{ verdict, cause }]);
    }
  });

  it.each([
    ['git version 2.20.1', 'warning', 'git 2.20.1 tells no hook of an accepted push'],
    ['git version 2.39.5 (Apple Git-1)', 'fine', 'git 2.39.5'],
    ['not git', 'broken', 'git does not tell its version'],
  ])('%s is %s', async (said, verdict, cause) => {
    const processes = {
      ...ports.processes,
      run: async () => ({ code: 0, stdout: Buffer.from(said), stderr: '', timedOut: false, signal: null }),
    };
    const [one] = await found('git', { dir: temporary('doctor'), ports: { ...roomy, processes } });
    expect(one).toMatchObject({ verdict, cause: expect.stringContaining(cause) });
  });

  it('a git that is not there is broken, and the rest is looked at all the same', async () => {
    const processes = {
      ...ports.processes,
      run: async () => {
        throw new LockstepError('process-failed', 'git: not found');
      },
    };
    expect(await found('git', { dir: temporary('doctor'), ports: { ...roomy, processes } })).toMatchObject([
      { verdict: 'broken', cause: 'git cannot be started: git: not found' },
    ]);
  });

  it('a Python without pip, and one that the configuration names and that does not run, are said', async () => {
    const { root } = fleet();
    put(root, { 'sync.config.yaml': fleetConfig.replace('name: words', 'name: words, builder: python9') });
    const python: Ports['python'] = {
      inspect: async (executable) => {
        if (executable !== 'python3') throw new LockstepError('python-unusable', `${executable} does not run`);
        const facts = { executable, version: '3.11.2', pip: null } as unknown as Awaited<
          ReturnType<Ports['python']['inspect']>
        >['facts'];
        return { facts, installations: [] };
      },
    };
    const at = { dir: root, ports: { ...roomy, python } };
    expect(await found('python', at)).toMatchObject([
      { verdict: 'warning', cause: 'python9 does not run: python3 builds instead' },
    ]);
    expect(await found('pip', at)).toMatchObject([{ verdict: 'warning', mend: 'python3 -m ensurepip' }]);
  });

  it('a target that is gone, and one whose Python cannot take the package, are broken; the other is fine', async () => {
    const one = fleet('app', 'bare');
    one.register({ name: 'app' }, { name: 'bare', pipeline: 'site-packages' }, { name: 'gone' });
    expect(await found('targets', { dir: one.root })).toMatchObject([
      { subject: 'app', verdict: 'fine' },
      { subject: 'bare', verdict: 'broken', cause: expect.stringContaining('its Python cannot be used') },
      { subject: 'gone', verdict: 'broken', mend: expect.stringContaining('lockstep target remove gone') },
    ]);
  });

  it('a receipt that cannot be read, or that a newer Lockstep wrote, is broken', async () => {
    const one = fleet('app');
    put(one.at('app'), { '.lockstep/receipts/words.json': '{' });
    expect(await found('targets', { dir: one.root })).toMatchObject([{ subject: 'app', verdict: 'broken' }]);
    put(one.at('app'), { '.lockstep/receipts/words.json': '{ "format": 99 }' });
    const [newer] = await found('targets', { dir: one.root });
    expect(newer).toMatchObject({ verdict: 'broken', mend: expect.stringContaining('update Lockstep') });
  });

  it("a lock of a process that lives is nobody's to remove, and one that names nobody is said", async () => {
    const one = fleet('app');
    const self = { format: 1, ...ports.identity.self(), nonce: 'a', time: '2026-11-23T00:00:00Z', what: 'sync run' };
    const locks = join(one.root, '.git/lockstep/locks');
    fse.outputFileSync(join(locks, 'registry.lock'), JSON.stringify(self));
    fse.outputFileSync(join(locks, 'runs.lock'), 'half');
    expect(await found('locks', { dir: one.root })).toMatchObject([
      { verdict: 'fine', mendable: false },
      { verdict: 'broken', mendable: false, cause: 'it does not say whose it is' },
    ]);
  });
});

describe('what is broken', () => {
  it('is told with exit code 4 and what mends it, and nothing is written', async () => {
    const one = await sick();
    const before = treeHash(one.dir);
    const answer = await doctor(one.root);
    expect(treeHash(one.dir)).toBe(before);
    expect(answer.code).toBe(4);
    expect(of(answer, 'runs')).toMatchObject([
      { subject: 'app', verdict: 'broken', mend: 'lockstep sync recover', mendable: true },
      { subject: 'web', verdict: 'broken', mend: 'lockstep sync recover', mendable: true },
    ]);
    expect(of(answer, 'locks').map(({ verdict, mendable }) => [verdict, mendable])).toContainEqual(['warning', true]);
    expect(of(answer, 'hooks')).toMatchObject([{ verdict: 'warning', mend: 'lockstep hooks install', mendable: true }]);
    expect(of(answer, 'schemas').map(({ subject, mendable }) => [subject, mendable])).toEqual([
      ['schemas/sync.config.schema.json', false],
      ['schemas/pipeline.schema.json', true],
    ]);
    const out: string[] = [];
    const world = machineWorld(one.root, { out: (line) => void out.push(line), err: () => {} });
    expect(await runCommand(world, ['doctor'])).toBe(4);
    const shown = out.join('\n');
    expect(shown).toMatch(/^check +state +what was seen$/m);
    expect(shown).toMatch(/^runs +broken +app: run .* was cut off, and waits to be undone \(lockstep sync recover\)$/m);
    expect(shown).toContain('lockstep doctor --fix mends what is safe to mend');
  });

  it('is mended by --fix as far as that is safe, and what was done is told', async () => {
    const one = await sick();
    const { code, findings, done } = await doctor(one.root, '--fix');
    expect(new Set(done.map(({ check }) => check))).toEqual(new Set(['hooks', 'runs', 'locks', 'schemas']));
    expect(text(one.at('app'), 'own.txt')).toBe('own\n');
    for (const path of [join(one.at('web'), '.lockstep'), join(one.root, '.git/lockstep/locks/backups.lock')])
      expect(fse.existsSync(path), path).toBe(false);
    expect(text(one.root, 'schemas/pipeline.schema.json')).toBe(stampedSchema('pipeline.schema.json', '9.8.7'));
    expect(text(one.root, 'schemas/sync.config.schema.json')).toBe('{ "title": "mine" }');
    expect(fse.existsSync(join(one.root, '.git/hooks/pre-push'))).toBe(true);
    expect(findings.filter(({ mendable }) => mendable)).toEqual([]);
    expect(findings.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
    expect(code).toBe(0);
    expect((await doctor(one.root, '--fix')).done).toEqual([]);
  });

  it('installs no hooks that nobody asked for, and none over one that somebody edited', async () => {
    const { root: dir } = fleet();
    expect(await found('hooks', { dir, mode: 'mend' })).toMatchObject([{ verdict: 'warning', mendable: false }]);
    expect(fse.existsSync(join(dir, '.git/hooks/pre-push'))).toBe(false);
    put(dir, { 'sync.config.yaml': `${fleetConfig}hooks: { post-merge: notify }\n` });
    expect(await found('hooks', { dir, mode: 'mend' })).toMatchObject([{ verdict: 'fine' }]);
    const path = '.git/hooks/post-merge';
    put(dir, { [path]: `${text(dir, path)}echo mine\n` });
    expect(await found('hooks', { dir, mode: 'mend' })).toMatchObject([{ verdict: 'broken', mendable: false }]);
    expect(text(dir, path)).toContain('echo mine');
  });

  it('in one check keeps no other from being looked at, and what could not be mended stays broken', async () => {
    const bad: DoctorCheck = {
      name: 'bad',
      summary: 'bad',
      look: async () => [{ subject: null, verdict: 'broken', cause: 'bad', mend: 'x', mendable: true }],
      mend: async () => {
        throw new LockstepError('disk', 'the disk is full');
      },
    };
    const blind: DoctorCheck = {
      name: 'blind',
      summary: 'blind',
      look: async () => {
        throw new LockstepError('disk', 'nothing to be seen', { hint: 'look' });
      },
    };
    const launcher = { node: process.execPath, main: process.execPath };
    const ground = doctorGround({ ports: roomy, dir: temporary('doctor'), env: {}, launcher, version: '1.0.0' });
    const { signal } = new AbortController();
    expect(await examine({ ground, checks: [bad, blind], mode: 'mend', signal })).toMatchObject({
      findings: [
        { check: 'bad', verdict: 'broken' },
        { check: 'blind', verdict: 'broken', cause: 'nothing to be seen', mend: 'look' },
      ],
      done: [{ check: 'bad', line: 'could not be mended: the disk is full' }],
    });
  });
});

describe('where there is no main project', () => {
  it.each([
    ['in no repository', {}],
    ['with a configuration that is wrong', { 'sync.config.yaml': 'version: 1\nproject: 3\n' }],
    ['with a registry of a newer Lockstep', { '.git/lockstep/registry.json': '{ "version": 99, "targets": [] }' }],
  ])('%s that is said, and what could not be looked at is not fine', async (_what, files) => {
    const one = fleet('app');
    if (Object.keys(files).length > 0) put(one.root, files);
    const dir = Object.keys(files).length > 0 ? one.root : one.dir;
    const answer = await doctor(dir);
    expect(answer.code).toBe(4);
    expect(of(answer, 'project')).toMatchObject([{ verdict: 'broken' }]);
    expect(of(answer, 'node')).toMatchObject([{ verdict: 'fine' }]);
    for (const check of ['python', 'disk', 'trust', 'runs', 'locks', 'targets'])
      expect(of(answer, check), check).toMatchObject([{ verdict: 'unknown' }]);
  });

  it('a folder that is not there is a wrong word', async () => {
    const answer = await doctor('/', '-C', join(temporary('doctor'), 'nowhere'));
    expect(answer.code).toBe(2);
  });
});
