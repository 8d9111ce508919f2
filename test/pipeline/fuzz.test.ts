/** Whatever a pipeline file holds: a pipeline, or an error that names the file and the line. Never a bug. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { namesIn } from '../../src/config/known-names.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { builtInPipelines } from '../../src/pipeline/built-in.ts';
import { checkPipelines, loadPipeline } from '../../src/pipeline/load.ts';
import type { Files, Stat } from '../../src/ports.ts';

const notNeeded = (): never => {
  throw new Error('a pipeline is read by its path alone');
};

/** One file in memory: `pipelines/own.yaml`. */
const filesWith = (text: string): Files => {
  const bytes = Buffer.from(text);
  const stat: Stat = {
    kind: 'file',
    mode: 0o644,
    size: bytes.length,
    ino: 1,
    dev: 1,
    mtimeNs: 0n,
    ctimeNs: 0n,
  };
  return {
    stat: (path) => (path.endsWith('/own.yaml') ? stat : undefined),
    read: () => bytes,
    real: (path) => (path.includes('nowhere') ? undefined : path),
    list: () => ['own.yaml'],
    state: notNeeded,
    readRange: notNeeded,
    readText: notNeeded,
    readLink: notNeeded,
    walk: notNeeded,
    glob: notNeeded,
    scratch: notNeeded,
  };
};

const seeds = [
  ...Object.values(builtInPipelines).map((text) => text.replace(/^name: .*$/m, 'name: own')),
  `version: 1
name: own
description: "one of everything"
steps:
  - { id: detect, uses: detect, continue_on_error: true }
  - &b { id: backup, uses: backup, with: { components: [package, docs] } }
  - id: docs
    uses: copy
    if: "changes.touches('docs') && target.labels.exists(l, l == 'gpu') || has(env.CI)"
    timeout: 5m
    retry: { max: 2, backoff: 5s }
  - { id: tag, uses: tag, with: { version: "v\${{ run.version }}-\${{ target.name }}" } }
  - { uses: verify, with: { suites: [core, docs], unknown: warn } }
on_failure: [{ uses: diagnose }, { uses: rollback }]
`,
  `name: own
extends: site-packages
defaults: { timeout: 5m, retry: { max: 1 }, env: { MODE: "\${{ target.name }}" }, continue_on_error: false }
steps:
  - { before: verify, id: nodes, run: ["\${{ target.python }}", link.py], writes: ["nodes/**"], outputs: json, idempotent: true }
  - { replace: verify, uses: verify, with: { suites: [core] }, if: "steps.nodes.outputs.count > 0 && has(steps.backup.outputs.id)" }
  - { after: detect, id: shell, run: 'echo "$MODE"', shell: true, env: { A: "\${{ env.HOME }}" } }
  - { remove: tag }
always: [{ id: tell, run: [notify, "\${{ steps.backup.outputs.id }}"] }]
`,
];
/** What files are made of, and what breaks parsers. */
const pieces = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ': ',
    ', ',
    '- ',
    '\n',
    '\n  ',
    '"',
    "'",
    '#',
    '|',
    '>',
    '? ',
    '---\n',
    '...\n',
    '%YAML 1.2\n',
  ],
  ...['&a ', '*a', '*b', '<<: *b', '!!binary ', '!x ', '!!str', '~', '\t', '\r', '\u2028', '\ufeff', '\0', '\u0085'],
  ...['${{', '}}', '${{ target.pakage }}', '${{ [1].map(x, x) }}', 'if: "', 'steps', 'uses', 'with', 'id', 'name'],
  ...[
    'run.full',
    'changes.touches(',
    "'docs'",
    'matches(',
    ' && ',
    '((((',
    '1e999',
    '0x',
    '.inf',
    '-0',
    '99999999999999999999',
  ],
  ...['extends: ', './own.yaml', './nowhere.yaml', 'source', 'before: ', 'replace: ', 'remove: ', 'after', 'always: '],
  ...['run: ', 'shell: true', 'writes: [', '../**', 'outputs: json', 'env: {', 'defaults: {', 'steps.nodes.outputs'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '\ud800',
    '💥',
    'null',
    'true',
    'version: 2\n',
    'version: 1e9\n',
  ],
];

interface Edit {
  readonly at: number;
  readonly drop: number;
  readonly put: string;
}

const edits = fc.array(
  fc.record<Edit>({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
    put: fc.oneof(fc.constant(''), fc.constantFrom(...pieces), fc.string({ maxLength: 6, unit: 'binary' })),
  }),
  { minLength: 1, maxLength: 6 },
);

const mutated = fc.tuple(fc.constantFrom(...seeds), edits).map(([seed, list]) =>
  list.reduce((text, { at, drop, put }) => {
    const start = Math.floor(at * text.length);
    return text.slice(0, start) + put + text.slice(start + drop);
  }, seed),
);

const known = namesIn({ components: { docs: {} } });
const place = /^(pipelines\/own\.yaml:\d+:\d+: .|and \d+ more)/;

it('a mutated pipeline loads, or is refused with its file and line', () => {
  let refused = 0;
  fc.assert(
    fc.property(mutated, (text) => {
      const files = filesWith(text);
      const problems = checkPipelines({ files, root: '/main', known });
      try {
        loadPipeline({ files, root: '/main', known, name: 'own' });
        expect(problems).toEqual([]);
      } catch (error) {
        // Anything else is a bug, and its stack is what a person would see.
        if (!(error instanceof LockstepError)) throw error;
        refused += 1;
        expect(['pipeline-invalid', 'format-newer']).toContain(error.code);
        expect(error.details[0]).toMatch(place);
        expect(JSON.stringify([error.message, error.details])).not.toMatch(/node_modules|\bat .*\.[jt]s:/);
        expect(problems.length).toBeGreaterThan(0);
        for (const { file, line, column } of problems) {
          expect(file).toBe('pipelines/own.yaml');
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(text.split('\n').length);
          expect(column).toBeGreaterThanOrEqual(1);
        }
      }
    }),
    { numRuns: 250, seed: Number(process.env.LOCKSTEP_FUZZ_SEED ?? 20260224) },
  );
  expect(refused).toBeGreaterThan(100);
});

it('any text is a pipeline, or is refused with its file and line', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 80, unit: 'binary' }),
        fc.array(fc.constantFrom(...pieces)).map((list) => list.join('')),
      ),
      (text) => {
        try {
          loadPipeline({ files: filesWith(text), root: '/main', known, name: 'own' });
        } catch (error) {
          if (!(error instanceof LockstepError)) throw error;
          expect(error.details[0]).toMatch(place);
        }
      },
    ),
    { numRuns: 400, seed: 7 },
  );
});
