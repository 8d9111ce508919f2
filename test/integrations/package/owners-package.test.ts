import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { importCheck } from '../../../src/checks/import.ts';
import { nextReceipt } from '../../../src/domain/next-receipt.ts';
import type { ConflictPolicy } from '../../../src/domain/project.ts';
import type { Receipt } from '../../../src/domain/receipt.ts';
import { sitePackages } from '../../../src/integrations/site-packages.ts';
import {
  applyPlan,
  countedProcesses,
  makeVenvTarget,
  type Prepared,
  planLines,
  prepare,
  realPorts,
  removeScratch,
  type Situation,
  syncPackage,
  type VenvTarget,
} from '../../fixtures/package-target.ts';
import { commit, pip, put, sampleMain, setVersion, temporary } from '../../fixtures/sandbox.ts';

let parent: string;
let target: VenvTarget;

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'lockstep-owners-'));
  target = makeVenvTarget(parent);
});
afterAll(() => {
  fse.removeSync(parent);
  removeScratch();
});
afterEach(() => target.reset());

const main = (): string => sampleMain(join(temporary('main'), 'project'));

/** The package as somebody else has it: another version, in a folder of its own. */
const elsewhere = (version = '9.0.0'): string => {
  const project = join(temporary('elsewhere'), 'project');
  sampleMain(project);
  setVersion(project, version);
  return join(project, 'src/opencode');
};
const install = (...what: readonly string[]): void =>
  void pip(
    target.python,
    'install',
    '-q',
    '--no-index',
    '--no-deps',
    '--no-build-isolation',
    '--force-reinstall',
    ...what,
  );
const imported = (): string =>
  execFileSync(target.python, ['-c', 'import opencode; print(opencode.__file__)'], { encoding: 'utf8' }).trim();

/** One run of the step, in a folder that it is applied to; the receipt is the one of the pipeline. */
const run = async (situation: Situation, onConflict?: ConflictPolicy) => {
  const prepared: Prepared = await prepare(situation);
  const { context } = prepared;
  const plan = await sitePackages.planPackage(context, 'reinstall', onConflict === undefined ? {} : { onConflict });
  applyPlan(prepared, plan);
  const receipt: Receipt = nextReceipt({
    current: situation.receipt,
    plan: { target: 'ComfyUI', commit: context.run.commit, base: null, full: false, reason: null, steps: [plan] },
    project: context.project.id,
    run: 'run',
    time: '2026-02-24T00:00:00Z',
    complete: true,
  });
  const assessed = async () => sitePackages.assess((await prepare({ ...situation, receipt })).context);
  return { context, plan, receipt, assessed };
};

const kept = 'opencode-ai 9.0.0 was installed by its owner, where the last sync had put 1.2.0';

describe('a package that its owner replaced', () => {
  it('is kept, said once for each version of main, and in step from then on', async () => {
    const project = main();
    const { receipt } = await syncPackage({ main: project, target });
    install(elsewhere());
    const situation = { main: project, target, receipt };
    expect(await sitePackages.assess((await prepare(situation)).context)).toEqual({ state: 'behind', cause: kept });

    const ports = realPorts();
    const processes = countedProcesses(ports.processes);
    const first = await run({ ...situation, ports: { ...ports, processes } });
    expect(processes.started.filter((entry) => entry.startsWith('pip'))).toEqual([]);
    expect(first.plan.actions).toEqual([]);
    expect(first.plan.skipped).toBe(
      'opencode-ai 9.0.0 is kept as its owner installed it; main has what src/opencode holds',
    );
    expect(first.plan.warnings).toEqual([`${kept}; kept as it is, main has what src/opencode holds`]);
    expect(first.plan.facts?.kept).toMatchObject([{ cause: kept }]);
    expect(first.receipt.decisions).toMatchObject([{ component: 'package', choice: 'kept', cause: kept }]);
    // What pip put there is not what Lockstep wrote: a restore must not take it away.
    expect(first.receipt.components.package).toMatchObject({ files: {}, dirs: [], package: { version: '1.2.0' } });
    const said = 'opencode-ai 9.0.0 is kept as its owner installed it';
    expect(await first.assessed()).toEqual({ state: 'in-step', cause: said, besides: said });

    const second = await run({ ...situation, receipt: first.receipt });
    expect(second.plan.warnings).toEqual([]);
    expect(second.receipt).toEqual(first.receipt);

    setVersion(project, '1.3.0');
    commit(project, 'feat: next');
    const third = await run({ ...situation, receipt: first.receipt });
    expect(third.plan.warnings).toHaveLength(1);
    expect(third.receipt.decisions).toHaveLength(1);

    install(elsewhere('9.1.0'));
    const fourth = await run({ ...situation, receipt: third.receipt });
    expect(fourth.plan.warnings).toEqual([expect.stringContaining('opencode-ai 9.1.0 was installed by its owner')]);
    expect(fourth.receipt.decisions).toHaveLength(1);
  });

  it('is replaced where the policy says so, which is said, and refused where it says that', async () => {
    const project = main();
    const { receipt } = await syncPackage({ main: project, target });
    install(elsewhere());
    const situation = { main: project, target, receipt };
    await expect(run(situation, 'fail')).rejects.toMatchObject({ code: 'conflict-refused' });
    const keeping = await run(situation, 'keep');
    const { plan, receipt: after, assessed } = await run({ ...situation, receipt: keeping.receipt }, 'replace');
    expect(planLines(plan)).toContainEqual(expect.stringMatching(/^- .*opencode_ai-9\.0\.0\.dist-info\/METADATA$/));
    expect(plan.warnings).toEqual([`${kept}; replaced, it is in the backup`]);
    expect(after.decisions).toMatchObject([{ component: 'package', choice: 'replaced' }]);
    expect(Object.keys(after.components.package?.files ?? {}).length).toBeGreaterThan(5);
    expect((await assessed()).state).toBe('in-step');
    expect((await run({ ...situation, receipt: after }, 'replace')).receipt).toEqual(after);
  });

  it('is no longer kept, nor said to be, once the package of main is back, and all of it is claimed again', async () => {
    const project = main();
    const { receipt } = await syncPackage({ main: project, target });
    const { wheel } = receipt.components.package?.package ?? {};
    install(elsewhere());
    const keeping = await run({ main: project, target, receipt });
    const { context } = await prepare({ main: project, target, receipt });
    install(join(context.project.stateDir, 'store/wheels', wheel ?? '', 'opencode_ai-1.2.0-py3-none-any.whl'));
    const back = await run({ main: project, target, receipt: keeping.receipt });
    expect(back.plan.actions).toEqual([]);
    expect(back.receipt.decisions).toEqual([]);
    expect(Object.keys(back.receipt.components.package?.files ?? {})).toEqual(
      expect.arrayContaining(Object.keys(receipt.components.package?.files ?? {})),
    );
  });

  it('by the same version from another place is seen too, and damage is not taken for it', async () => {
    const project = main();
    const { receipt } = await syncPackage({ main: project, target });
    const info = join(target.site, 'opencode_ai-1.2.0.dist-info');
    fse.removeSync(join(info, 'direct_url.json'));
    const mended = await run({ main: project, target, receipt });
    expect(planLines(mended.plan)).toEqual([expect.stringMatching(/^\+ .*direct_url\.json$/)]);
    install(elsewhere('1.2.0'));
    const { plan } = await run({ main: project, target, receipt: mended.receipt });
    expect(plan.warnings).toEqual([
      'opencode-ai 1.2.0 was installed by its owner, not from the wheel of the last sync; kept as it is, main has what src/opencode holds',
    ]);
  });

  it('is none when another target of the same Python was synced meanwhile', async () => {
    const project = main();
    const { receipt } = await syncPackage({ main: project, target });
    setVersion(project, '1.3.0');
    commit(project, 'feat: next');
    await syncPackage({ main: project, target, receipt });
    setVersion(project, '1.4.0');
    commit(project, 'feat: the one after');
    const { plan } = await run({ main: project, target, receipt });
    expect(plan.warnings).toEqual([]);
    expect(planLines(plan)).toContainEqual(expect.stringMatching(/^\+ .*opencode_ai-1\.4\.0\.dist-info\/METADATA$/));
  });
});

describe('an editable install of its owner', () => {
  it('is kept and said, also without a receipt, and imported from where it leads', async () => {
    const project = main();
    const clone = elsewhere();
    install('-e', clone);
    // As documents that are copied beside the package: a folder of its name that it is not imported from.
    put(target.site, { 'opencode/docs/a.md': 'a\n' });
    const { plan, receipt, context, assessed } = await run({ main: project, target });
    expect(plan.actions).toEqual([]);
    expect(plan.warnings).toEqual([
      `opencode-ai 9.0.0 (editable, from ${clone}) is an editable install of its owner; kept as it is, main has what src/opencode holds`,
    ]);
    expect((await assessed()).state).toBe('in-step');
    expect((await run({ main: project, target, receipt })).receipt).toEqual(receipt);
    expect(imported().startsWith(clone)).toBe(true);
    expect(await importCheck.run({ ...context, receipt }, {})).toMatchObject({ outcome: 'passed' });
    expect(await importCheck.run(context, {})).toMatchObject({ outcome: 'failed' });
  });

  it('that took the place of what was synced is kept', async () => {
    const project = main();
    const { receipt } = await syncPackage({ main: project, target });
    install('-e', elsewhere());
    const { plan } = await run({ main: project, target, receipt });
    expect(plan.actions).toEqual([]);
    expect(plan.warnings).toHaveLength(1);
  });
});

it('an older normal installation without a receipt is upgraded', async () => {
  const project = main();
  install(elsewhere('1.0.0'));
  put(project, { 'src/opencode/NOTES.md': 'x\n' });
  commit(project, 'docs: notes');
  const { plan } = await run({ main: project, target });
  expect(plan.warnings).toEqual([]);
  expect(planLines(plan)).toContainEqual(expect.stringMatching(/^- .*opencode_ai-1\.0\.0\.dist-info\/METADATA$/));
});
