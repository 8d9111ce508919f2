import { chmodSync, existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepPlan } from '../../src/domain/plan.ts';
import { planRestore } from '../../src/domain/restore.ts';
import type { StepKind } from '../../src/steps/step.ts';
import { receiptPath } from '../../src/store/receipts.ts';
import { filesOf, program, programWorld, stepOf, written } from '../fixtures/program-target.ts';
import { commit, put } from '../fixtures/sandbox.ts';
import { change, fileOf } from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const sh = (script: string): readonly string[] => ['sh', '-c', script];
const node = (script: string, ...words: string[]): readonly string[] => [
  process.execPath,
  '-e',
  script,
  '--',
  ...words,
];
const notes = (plan: { readonly steps: readonly StepPlan[] }, id: string): readonly string[] =>
  (plan.steps.find((step) => step.id === id)?.actions ?? []).map((action) =>
    action.kind === 'note' ? `${action.sign} ${action.text}` : (action.path ?? ''),
  );

describe('a run step, planned', () => {
  it('shows the exact command, its environment, the files of main that come along, and what it may write', async () => {
    const world = programWorld({
      mainFiles: { 'scripts/link.py': 'print()\n', 'scripts/lib.py': '', 'README.md': 'x\n' },
      env: { TOKEN: 'a-token-of-its-own', MODE: 'fast' },
    });
    const step = program(
      'nodes',
      ['python3', 'scripts/link.py', '--name', '${{ target.name }} it', '${{ env.TOKEN }}'],
      {
        env: { API_KEY: '${{ env.TOKEN }}', MODE: '${{ env.MODE }}' },
        with: { writes: ['custom_nodes/**'] },
      },
    );
    const { plan, need } = await world.plan([step]);
    expect(need).toBe('files');
    expect(notes(plan, 'nodes')).toEqual([
      "! python3 scripts/link.py --name 'app it' •••",
      expect.stringMatching(/^= from main at [0-9a-f]{10}: scripts\/link\.py and 1 file beside it$/),
      '= with API_KEY=••• MODE=fast',
      '~ may write custom_nodes/**',
    ]);
    expect(JSON.stringify(plan)).not.toContain('a-token-of-its-own');
  });

  it('plans nothing a second time, until its words, its environment or its files change', async () => {
    const world = programWorld({ mainFiles: { 'scripts/link.sh': 'echo one\n', 'scripts/lib.sh': '' } });
    const passing = ['${{ run.id }}', '${{ changes.count }}'];
    const step = (...more: string[]) => program('nodes', ['sh', 'scripts/link.sh', ...passing, ...more]);
    expect((await world.run([step()])).end.outcome).toBe('done');
    const again = await world.plan([step()]);
    expect(again.need).toBe('nothing');
    expect(again.plan.steps.map(({ skipped }) => skipped)).toEqual([
      'nothing will be touched',
      'it ran like this already, and nothing else changes',
    ]);
    expect((await world.plan([step('more')])).need).toBe('files');
    expect((await world.plan([program('nodes', step().with.argv as string[], { env: { A: 'b' } })])).need).toBe(
      'files',
    );
    put(world.main, { 'scripts/lib.sh': 'changed\n' });
    commit(world.main, 'fix: lib');
    expect((await world.plan([step()])).need).toBe('files');
    expect((await world.run([step()])).end.outcome).toBe('done');
    put(world.main, { 'docs/other.md': 'other\n' });
    commit(world.main, 'docs: other');
    expect((await world.plan([step()])).need).toBe('receipt');
  });

  it('runs again when another step touches files, and is forgotten with its step', async () => {
    const world = programWorld();
    const step = program('nodes', ['true']);
    await world.run([step]);
    expect(world.receipt()?.steps).toEqual({ nodes: expect.stringMatching(/^[0-9a-f]{64}$/) });
    put(world.main, { 'docs/a.md': 'changed\n' });
    commit(world.main, 'docs: changed');
    const ran = await world.run([stepOf({ id: 'docs', uses: 'copy' }), step]);
    expect(ran.finished).toEqual(['backup done', 'docs done', 'nodes done']);
    await world.run([program('other', ['true'])]);
    expect(Object.keys(world.receipt()?.steps ?? {})).toEqual(['other']);
  });

  it.each([
    [['docs/**'], /docs\/a\.md belongs to docs/],
    [['*/a.md'], /docs\/a\.md belongs to docs/],
    [['**'], /\*\* may meet protected/],
    [['protected/*/x.txt'], /protected\/\*\/x\.txt may meet protected\/here\/\*\*/],
    [['../elsewhere'], /climbs out/],
    [['.lockstep/x'], /\.lockstep is no place/],
    [['sub/.git/hooks/*'], /\.git is no place/],
    [['/etc/passwd'], /absolute/],
  ])('refuses to write %j', async (writes, why) => {
    const world = programWorld({ project: { protect: ['protected/here/**'] } });
    await expect(world.plan([program('nodes', ['true'], { with: { writes } })])).rejects.toThrow(why);
  });
});

describe('a run step', () => {
  it('runs in the target’s folder, with the commit’s files, never with what is not committed', async () => {
    const world = programWorld({
      mainFiles: {
        'scripts/tool.sh': '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\n',
        'scripts/lib.sh': 'echo committed; pwd; echo "$0"\n',
      },
    });
    chmodSync(join(world.main, 'scripts/tool.sh'), 0o755);
    commit(world.main, 'feat: tool');
    put(world.main, { 'scripts/lib.sh': 'echo not committed\n' });
    const { end, printed } = await world.run([program('nodes', ['./scripts/tool.sh'])]);
    expect(end).toMatchObject({ outcome: 'done', warnings: [] });
    const [, first, second, third] = printed('nodes').split('\n');
    expect(first).toBe('committed');
    expect(second).toBe(world.target);
    expect(third).not.toContain(world.main);
  });

  it('is told where it is, what it brings, and its own variables, and nothing of git’s or Python’s', async () => {
    const world = programWorld({ env: { HOME: '/home' } });
    const names = ['LOCKSTEP_TARGET', 'LOCKSTEP_RUN', 'LOCKSTEP_COMMIT', 'LOCKSTEP_MAIN', 'OWN', 'GIT_DIR'];
    const script = `process.stdout.write(JSON.stringify(${JSON.stringify(names)}.map((name) => process.env[name] ?? null)))`;
    const { end } = await world.run([
      program('nodes', node(`process.stdout.write('{"env":'); ${script}; process.stdout.write('}')`), {
        env: { OWN: 'is ${{ env.HOME }}', LOCKSTEP_RUN: 'mine' },
        with: { outputs: 'json' },
      }),
    ]);
    const head = end.receipt?.commit;
    expect(end.outputs.get('nodes')).toEqual({ env: [world.target, 'run-1', head, world.main, 'is /home', null] });
  });

  it('gets what changed in main, in its words and by its environment', async () => {
    const world = programWorld();
    const print = node(
      'console.log(JSON.stringify({ got: [process.argv[1], process.env.DOCS] }))',
      '${{ changes.count }}',
    );
    const { end } = await world.run([
      program('nodes', print, { env: { DOCS: "${{ changes.touches('docs') }}" }, with: { outputs: 'json' } }),
    ]);
    expect(end.outputs.get('nodes')).toEqual({ got: ['1', 'true'] });
  });

  it('hands every value on as one argument, whatever it holds', async () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '"; rm -rf /',
        "'",
        '$(id)',
        '`id`',
        'a\nb',
        '-rf',
        '--',
        '',
        ' ',
        '*',
        '${{ env.X }}',
        '\\',
        '%PATH%',
        '&& true',
        '\u00e9\u{1f600}',
        '\t',
      ),
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
    );
    const env: Record<string, string> = {};
    const world = programWorld({ env, run: { full: true } });
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 20 }), async (values) => {
        for (const [index, value] of values.entries()) env[`V${index}`] = value;
        const words = values.map((_value, index) => `\${{ env.V${index} }}`);
        const { end } = await world.run([
          program('nodes', node('console.log(JSON.stringify({ got: process.argv.slice(1) }))', ...words), {
            with: { outputs: 'json' },
          }),
        ]);
        expect(end.outputs.get('nodes')).toEqual({ got: values });
      }),
      {
        numRuns: 12,
        examples: [[['"; touch pwned; "', "'$(touch pwned)'", '`touch pwned`', '-rf', '--', 'a\nb', '']]],
      },
    );
    expect(existsSync(join(world.target, 'pwned'))).toBe(false);
  });

  it('gives a script its values by the environment alone', async () => {
    const world = programWorld({ env: { V: '$(touch pwned); "' } });
    const { printed } = await world.run([
      stepOf({
        id: 'nodes',
        uses: 'run',
        with: { script: 'printf "%s|" "$V"; echo \'${{ env.V }}\'' },
        env: { V: '${{ env.V }}' },
      }),
    ]);
    expect(printed('nodes')).toContain('$(touch pwned); "|${{ env.V }}');
    expect(existsSync(join(world.target, 'pwned'))).toBe(false);
  });

  it('tells what it prints, without secrets, also where they come in pieces', async () => {
    const world = programWorld({ env: { API_TOKEN: 'secret-token-1234', PATH_X: 'plain-value-99' } });
    const script =
      'process.stdout.write("is secret-to"); setTimeout(() => process.stdout.write("ken-1234 plain-value-99\\n"), 60)';
    const { printed } = await world.run([
      program('nodes', node(script)),
      program('own', sh('echo "own $MY_SECRET"; exit 3'), {
        env: { MY_SECRET: 'own-secret-value' },
        continueOnError: true,
      }),
    ]);
    expect(printed('nodes')).toContain('is ••• plain-value-99');
    expect(printed('own')).toContain('own •••');
  });

  it('fails with the tail of what it printed, and is undone', async () => {
    const world = programWorld({ targetFiles: { 'nodes/a.txt': 'a\n' } });
    const before = treeLines(world.target);
    const { end, finished } = await world.run([
      program(
        'nodes',
        sh('echo b > nodes/a.txt; echo c > nodes/c.txt; echo out; echo "password=hunter22" >&2; exit 3'),
        {
          with: { writes: ['nodes/**'] },
        },
      ),
    ]);
    expect(end).toMatchObject({
      outcome: 'undone',
      failedStep: 'nodes',
      error: { code: 'step-failed', message: 'nodes ended with exit 3' },
    });
    expect((end.error as { details: string[] }).details.sort()).toEqual(['out', 'password=•••']);
    expect(finished).toEqual(['backup done', 'nodes failed']);
    expect(treeLines(world.target)).toEqual(before);
  });

  it('could not run where the program is missing, which is no failure of it', async () => {
    const { end } = await programWorld().run([program('nodes', ['no-such-program-here'])]);
    expect(end.error).toMatchObject({
      code: 'process-failed',
      message: expect.stringContaining('nodes could not run'),
    });
  });

  it('brings back content, mode and time of what it wrote when a later step fails', async () => {
    const world = programWorld({ targetFiles: { 'nodes/a.txt': 'a\n', 'nodes/b.sh': 'b\n' } });
    const at = (path: string) => join(world.target, path);
    chmodSync(at('nodes/b.sh'), 0o750);
    utimesSync(at('nodes/a.txt'), 1_600_000_000, 1_600_000_000);
    const before = treeLines(world.target);
    const { end } = await world.run([
      program('nodes', sh('echo x > nodes/a.txt; rm nodes/b.sh; mkdir -p nodes/new/deep; touch nodes/new/deep/f'), {
        with: { writes: ['nodes'] },
      }),
      program('check', ['false']),
    ]);
    expect(end).toMatchObject({ outcome: 'undone', undo: { left: [], unfinished: [] } });
    expect(treeLines(world.target)).toEqual(before);
    // Node gives times back to the microsecond.
    expect(Math.floor(statSync(at('nodes/a.txt')).mtimeMs * 1000)).toBe(1_600_000_000_000_000);
  });

  it('hands what it wrote to the receipt, so that a rollback takes it away again', async () => {
    const world = programWorld({ targetFiles: { 'nodes/a.txt': 'a\n', 'nodes/b.txt': 'b\n' } });
    const step = program(
      'nodes',
      sh('echo x > nodes/a.txt; mkdir nodes/new; echo c > nodes/new/c.txt; ln -s c.txt nodes/new/l'),
      {
        with: { writes: ['nodes/**'] },
      },
    );
    await world.run([step]);
    const wrote = world.receipt()?.components['step:nodes'];
    expect(Object.keys(wrote?.files ?? {})).toEqual(['nodes/a.txt', 'nodes/new/c.txt', 'nodes/new/l']);
    expect(wrote?.dirs).toEqual(['nodes/new']);
    expect((await world.plan([step])).need).toBe('nothing');
    const [manifest] = world.backups.list('app');
    if (manifest === undefined) throw new Error('no backup');
    const restore = planRestore({
      manifest,
      components: null,
      receipt: world.receipt(),
      receiptFile: receiptPath(world.target, 'opencode-ai'),
      roots: { target: world.target },
      files: filesOf,
      project: 'opencode-ai',
      run: 'run-9',
      time: '2026-02-24T00:00:00.000Z',
    });
    const lines = restore.actions.map((action) =>
      action.kind === 'file' ? `${action.after.kind} ${action.path}` : action.ref,
    );
    expect(lines.sort()).toEqual([
      'absent nodes/new',
      'absent nodes/new/c.txt',
      'absent nodes/new/l',
      // Its time.
      'dir nodes',
      'file nodes/a.txt',
    ]);
    expect(restore).toMatchObject({ replacesNewerEdits: 0, warnings: [] });
    expect(restore.receipt.steps).toBeUndefined();
    expect(restore.receipt.components['step:nodes']).toBeUndefined();
    await world.run([program('other', ['true'])]);
    expect(world.receipt()?.components['step:nodes']).toBeUndefined();
  });

  it('warns of what it wrote and did not declare, once, with paths', async () => {
    const world = programWorld({ targetFiles: { 'nodes/a.txt': 'a\n' } });
    const { end } = await world.run([
      program(
        'nodes',
        sh(
          'echo x > nodes/a.txt; echo y > own.txt; mkdir -p other/sub; echo z > other/sub/z; mkdir empty; mkdir -p m/__pycache__; touch m/__pycache__/x.pyc',
        ),
        {
          with: { writes: ['nodes/**'] },
        },
      ),
    ]);
    expect(end.outcome).toBe('done');
    expect(end.warnings).toEqual([
      expect.stringMatching(/^nodes: while it ran.*: \+ empty, \+ m, \+ other\/sub\/z, ~ own\.txt$/),
    ]);
    const quiet = await world.run([program('nodes', sh('echo x2 > nodes/a.txt'), { with: { writes: ['nodes/**'] } })]);
    expect(quiet.end.warnings).toEqual([]);
  });

  it('ends what it leaves running, and says so', async () => {
    const world = programWorld();
    const { end } = await world.run([program('nodes', sh('setsid sleep 71 >/dev/null 2>&1 & exit 0'))]);
    expect(end).toMatchObject({
      outcome: 'done',
      warnings: ['nodes left something running, and it was ended: sleep 71'],
    });
  });

  it('is ended when its time is up, with a child that called setsid, and what it wrote is undone', async () => {
    const world = programWorld({ targetFiles: { 'nodes/a.txt': 'a\n' } });
    const before = treeLines(world.target);
    const late =
      'setsid sh -c "while :; do echo late >> nodes/late.txt; sleep 0.02; done" & echo b > nodes/a.txt; sleep 60';
    const { end } = await world.run([program('nodes', sh(late), { timeout: 700, with: { writes: ['nodes/**'] } })]);
    expect(end).toMatchObject({
      outcome: 'undone',
      error: { code: 'process-timeout', message: 'step nodes took longer than 700ms' },
    });
    expect(treeLines(world.target)).toEqual(before);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(treeLines(world.target)).toEqual(before);
  });

  it('that answers its end with success was not done', async () => {
    const world = programWorld();
    const { end } = await world.run([program('nodes', sh('trap "exit 0" TERM; sleep 60 & wait'), { timeout: 300 })]);
    expect(end).toMatchObject({ outcome: 'undone', error: { code: 'process-timeout' } });
  });

  it('is ended by an interruption, and undone', async () => {
    const world = programWorld({ targetFiles: { 'nodes/a.txt': 'a\n' } });
    const before = treeLines(world.target);
    const running = world.run([
      program('nodes', sh('echo b > nodes/a.txt; sleep 60'), { with: { writes: ['nodes/**'] } }),
    ]);
    await expect.poll(() => readFileSync(join(world.target, 'nodes/a.txt'), 'utf8')).toBe('b\n');
    world.abort.abort();
    expect((await running).end).toMatchObject({ outcome: 'interrupted' });
    expect(treeLines(world.target)).toEqual(before);
  });

  it('is not started when what it writes was changed since the backup', async () => {
    const world = programWorld({ targetFiles: { 'nodes/a.txt': 'a\n' } });
    const { end } = await world.run([
      program('one', sh('echo edited meanwhile > nodes/a.txt')),
      program('nodes', sh('echo b > nodes/a.txt'), { with: { writes: ['nodes/**'] } }),
    ]);
    expect(end).toMatchObject({ outcome: 'undone', failedStep: 'nodes', error: { code: 'backup-failed' } });
    expect(written(world, 'nodes/a.txt')).toBe('edited meanwhile\n');
  });

  it('is tried again with longer and longer waits only where it says that it may be', async () => {
    const retry = { max: 2, backoff: 40 };
    const count = 'echo x >> nodes/tries; ';
    const world = programWorld({ targetFiles: { 'nodes/tries': '' } });
    const before = treeLines(world.target);
    const flaky = sh(`${count}[ "$(wc -l < nodes/tries)" -ge 3 ]`);
    const ran = await world.run([program('nodes', flaky, { retry, with: { writes: ['nodes/**'], idempotent: true } })]);
    expect(ran.end.outcome).toBe('done');
    expect(written(world, 'nodes/tries')).toBe('x\nx\nx\n');
    expect(ran.printed('nodes')).toMatch(/attempt 2 of 3 in 40ms[\s\S]*attempt 3 of 3 in 80ms/);

    const once = programWorld({ targetFiles: { 'nodes/tries': '' } });
    const single = await once.run([program('nodes', flaky, { retry, with: { writes: ['nodes/**'] } })]);
    expect(single.end.outcome).toBe('undone');
    expect(treeLines(once.target)).toEqual(before);

    const never = programWorld({ targetFiles: { 'nodes/tries': '' } });
    const failing = await never.run([
      program('nodes', sh(`${count}exit 1`), { retry, with: { writes: ['nodes/**'], idempotent: true } }),
    ]);
    expect(failing.end.undo).toMatchObject({ left: [], unfinished: [] });
    expect(treeLines(never.target)).toEqual(before);
  });

  it('that failed with a warning is done again by the next sync', async () => {
    const world = programWorld();
    const step = program('notify', ['false'], { continueOnError: true });
    const { end, finished } = await world.run([step, program('other', ['true'])]);
    expect(end).toMatchObject({ outcome: 'done', warnings: ['notify: notify ended with exit 1'], warned: ['notify'] });
    expect(finished).toEqual(['backup skipped', 'notify warned', 'other done']);
    expect(Object.keys(world.receipt()?.steps ?? {})).toEqual(['other']);
    expect((await world.plan([step, program('other', ['true'])])).need).toBe('files');
  });
});

describe('outputs: json', () => {
  const json = { with: { outputs: 'json' } };

  it('gives later steps what the program printed, resolved and shown right before them', async () => {
    const world = programWorld();
    const one = program(
      'one',
      node(`console.error('note'); console.log(JSON.stringify({ version: 'v9', ok: true, n: 3 }))`),
      json,
    );
    const two = program('two', ['echo', 'got ${{ steps.one.outputs.version }} ${{ steps.one.outputs.n }}'], {
      if: 'steps.one.outputs.ok',
    });
    const tag = stepOf({ id: 'tag', with: { version: '${{ steps.one.outputs.version }}' } });
    const { plan, events, end, printed } = await world.run([one, two, tag]);
    expect(notes(plan, 'two')).toEqual(['? if: steps.one.outputs.ok', "? echo 'got ? ?'"]);
    expect(notes(plan, 'tag')).toEqual(['? tag ?']);
    expect(events.filter((event) => event.kind === 'step.resolved')).toEqual([
      { kind: 'step.resolved', target: 'app', step: 'two', runs: true, lines: ["echo 'got v9 3'"] },
      { kind: 'step.resolved', target: 'app', step: 'tag', runs: true, lines: ['tag v9'] },
    ]);
    expect(printed('two')).toContain('got v9 3');
    expect(printed('one')).toContain('note');
    expect(printed('one')).not.toContain('"v9"');
    expect(end.receipt?.version).toBe('v9');
    expect(world.receipt()?.version).toBe('v9');
    expect((await world.plan([one, two, tag])).need).toBe('nothing');
  });

  it('keeps a step from running whose condition does not hold then', async () => {
    const world = programWorld();
    const one = program('one', node('console.log(JSON.stringify({ ok: false }))'), json);
    const { finished, events } = await world.run([one, program('two', ['false'], { if: 'steps.one.outputs.ok' })]);
    expect(finished).toEqual(['backup skipped', 'one done', 'two skipped']);
    expect(events.find((event) => event.kind === 'step.resolved')).toMatchObject({
      runs: false,
      lines: ['if: steps.one.outputs.ok does not hold'],
    });
  });

  it('fails a step that reads what was not given', async () => {
    const world = programWorld();
    const one = program('one', node('console.log("{}")'), json);
    const { end } = await world.run([one, program('two', ['echo', '${{ steps.one.outputs.gone }}'])]);
    expect(end).toMatchObject({ outcome: 'undone', failedStep: 'two', error: { code: 'expression-invalid' } });
  });

  it.each([
    ['console.log("hello there")', /one did not print one JSON object: byte 0 is wrong: "hello there\\n"/],
    ['console.log(`{"a":1} {"b":2}`)', /byte 8 is wrong: "{\\"b\\":2}\\n"/],
    ['console.log("[1]")', /it is a list/],
    ['console.log("null")', /it is null/],
    ['', /it printed nothing/],
    ['console.log(`{"a": "unfinished`)', /one did not print one JSON object/],
    ['process.stdout.write(Buffer.from([0x7b, 0xff, 0x7d]))', /not UTF-8/],
    ['console.log(JSON.stringify({ a: "x".repeat(1 << 20) }))', /1 MB is the most/],
    ['console.log(`{"a":${"[".repeat(100)}${"]".repeat(100)}}`)', /nested more than 64 deep/],
  ])('refuses what is none: %s', async (script, why) => {
    const { end } = await programWorld().run([program('one', node(script), json)]);
    expect(end).toMatchObject({ outcome: 'undone', failedStep: 'one', error: { code: 'step-failed' } });
    expect((end.error as Error).message).toMatch(why);
  });

  it('shows no secret of what it cannot read', async () => {
    const world = programWorld({ env: { API_TOKEN: 'secret-token-1234' } });
    const { end } = await world.run([program('one', node('console.log("{} secret-token-1234")'), json)]);
    expect((end.error as Error).message).toContain('•••');
    expect((end.error as Error).message).not.toContain('secret-token');
  });
});

describe('what runs last', () => {
  const last = [program('notify', sh('echo told'))];

  it('runs whether the run was done, undone or interrupted', async () => {
    const done = await programWorld().run([program('one', ['true'])], { always: last });
    expect(done.finished).toEqual(['backup skipped', 'one done', 'notify done']);
    const undone = await programWorld().run([program('one', ['false'])], {
      always: last,
      onFailure: [stepOf({ id: 'diagnose' })],
    });
    expect(undone.finished).toEqual(['backup skipped', 'one failed', 'diagnose done', 'notify done']);
    expect(undone.end.outcome).toBe('undone');
    const world = programWorld();
    const running = world.run([program('one', sh('touch started; sleep 60'))], { always: last });
    await expect.poll(() => existsSync(join(world.target, 'started'))).toBe(true);
    world.abort.abort();
    const interrupted = await running;
    expect(interrupted.end.outcome).toBe('interrupted');
    expect(interrupted.finished).toEqual(['backup skipped', 'one failed', 'notify done']);
  });

  it('fails with a warning only', async () => {
    const { end, finished } = await programWorld().run([program('one', ['true'])], {
      always: [program('notify', ['false'])],
    });
    expect(end).toMatchObject({ outcome: 'done', warnings: ['notify: notify ended with exit 1'] });
    expect(finished).toEqual(['backup skipped', 'one done', 'notify warned']);
  });

  it('reads what earlier steps gave', async () => {
    const one = program('one', node('console.log(JSON.stringify({ url: "here" }))'), { with: { outputs: 'json' } });
    const { printed } = await programWorld().run([one], {
      always: [program('notify', ['echo', 'at ${{ steps.one.outputs.url }}'])],
    });
    expect(printed('notify')).toContain('at here');
  });
});

describe('a step that is tried again after it put files in place', () => {
  it('puts nothing in place twice', async () => {
    let tries = 0;
    const renames: string[] = [];
    const world = programWorld({
      ports: (ports) => ({
        ...ports,
        openTree: (bounds) => {
          const tree = ports.openTree(bounds);
          return {
            ...tree,
            rename: (from, to) => {
              if (to.endsWith('own.txt')) renames.push(to);
              tree.rename(from, to);
            },
          };
        },
      }),
      kinds: [
        {
          name: 'write',
          summary: 'write',
          with: {} as StepKind['with'],
          mutates: true,
          idempotent: true,
          plan: async (context, _options, id) => {
            const action = change({ target: context.layout.roots.target }, 'own.txt', fileOf('new\n'));
            if (action.after.kind === 'file')
              context.provide(action.after.sha256, { from: 'bytes', bytes: Buffer.from('new\n') });
            return { id, uses: 'write', actions: [action], skipped: null, patch: {}, warnings: [] };
          },
          apply: async ({ swap }) => {
            await swap();
            tries += 1;
            if (tries < 3) throw new Error('after the swap');
          },
        },
      ],
    });
    const { end } = await world.run([stepOf({ id: 'write', retry: { max: 3, backoff: 0 } })]);
    expect(end.outcome).toBe('done');
    expect(tries).toBe(3);
    expect(renames).toHaveLength(1);
    expect(written(world, 'own.txt')).toBe('new\n');
  });
});
