import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonSchemas } from '../../src/config/schema.ts';
import type { EventBody } from '../../src/domain/events.ts';
import { commit, put } from '../fixtures/sandbox.ts';
import { type Words, wordsProject } from '../fixtures/words-project.ts';
import { eventsPage } from './events-page.ts';

type Json = { readonly [key: string]: unknown };

/** The same schema, refusing fields that it does not name: what is told and not documented is found so. */
const strict = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  const inner: Json = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const named = inner.properties as Json | undefined;
  return inner.type === 'object' && named !== undefined && Object.keys(named).length > 0
    ? { ...inner, additionalProperties: false }
    : inner;
};

const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
const valid = ajv.compile(jsonSchemas()['events.schema.json'] ?? false);
const exact = ajv.compile(strict(jsonSchemas()['events.schema.json']) as object);
const judge = (event: unknown): string => (exact(event) ? 'documented' : ajv.errorsText(exact.errors).slice(0, 600));

describe('the event stream', () => {
  let words: Words;
  let told: EventBody[];
  let kept: readonly Json[];

  beforeAll(async () => {
    words = wordsProject();
    const first = await words.sync(['app', 'web'], { reason: 'a release' });
    const nothing = await words.sync(['app']);
    put(words.target('app'), { 'speak.sh': 'echo wrong; exit 1\n', 'docs/a.md': 'ours\n' });
    put(words.root, {
      'docs/a.md': 'a2\n',
      'docs/gone.md': null,
      'words.toml': 'model = "m2"\napi_key = "sk-2222222"\n',
    });
    commit(words.root, 'docs: second');
    const undone = await words.sync(['app']);
    told = [...first.events, ...nothing.events, ...undone.events];
    kept = [first.run, undone.run].flatMap((run) =>
      readFileSync(join(words.root, '.git/lockstep/runs', run, 'events.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Json),
    );
  });
  afterAll(() => words.remove());

  it('is as the schema says, in what is told and in what is kept', () => {
    const whole = told.map((event) => ({ ...event, v: 1, time: '2026-02-24T00:00:00Z', run: 'r' }));
    for (const event of [...whole, ...kept]) expect([event.kind, judge(event)]).toEqual([event.kind, 'documented']);
    const kinds = new Set(told.map(({ kind }) => kind));
    for (const kind of ['step.output', 'check.finished', 'target.finished', 'run.finished'] as const)
      expect(kinds).toContain(kind);
    expect(kept.map(({ kind }) => kind)).not.toContain('step.output');
  });

  it('may get fields and is refused with wrong ones', () => {
    const event = { kind: 'target.started', target: 'app', v: 1, time: '2026-02-24T00:00:00Z', run: 'r' };
    expect(valid({ ...event, later: 1 })).toBe(true);
    expect(valid({ ...event, v: 2 })).toBe(false);
    expect(valid({ ...event, target: 1 })).toBe(false);
    expect(valid({ ...event, kind: 'target.flown' })).toBe(false);
  });
});

it('docs/events.md is what the schema says (npx vitest run test/config/events.test.ts -u writes it)', async () => {
  await expect(eventsPage()).toMatchFileSnapshot('../../docs/events.md');
});
