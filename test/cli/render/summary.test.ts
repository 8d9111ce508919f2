import { describe, expect, test } from 'vitest';
import { paintFor } from '../../../src/cli/render/colours.ts';
import { namesText, withoutName } from '../../../src/cli/render/groups.ts';
import { type SummaryStyle, summaryLines } from '../../../src/cli/render/summary.ts';
import { fittedTable, table } from '../../../src/cli/render/table.ts';
import type { TargetResult } from '../../../src/domain/events.ts';

const style = (columns = Number.POSITIVE_INFINITY): SummaryStyle => ({
  paint: paintFor({ colour: false }),
  columns,
  again: (names) => `lockstep sync run --target ${names.join(' ')}`,
});

const result = (target: string, facts: Partial<TargetResult> = {}): TargetResult => ({
  target,
  outcome: 'done',
  cause: '+1 ~0 -0',
  commit: 'c',
  version: null,
  counts: { added: 1, changed: 0, removed: 0, kept: 0 },
  warnings: [],
  backup: `${target}-20261123T062004Z-0000`,
  took: 1200,
  ...facts,
});

const broken = (target: string, message = `${target}'s Python cannot be used: nothing in /apps/${target}`) =>
  result(target, {
    outcome: 'unknown',
    backup: null,
    error: { code: 'python-unusable', message, hint: `repair it, then: lockstep sync run --target ${target}` },
  });

const fleet = Array.from({ length: 30 }, (_, i) => `app-${String(i + 1).padStart(2, '0')}`);

describe('the summary of a fleet', () => {
  test('tells one cause once, whose names differ, and ends with the command that retries only what failed', () => {
    const lines = summaryLines([result('good'), ...fleet.map((name) => broken(name))], style());
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([
      "error app-01, app-02, app-03, app-04 and 26 more: <target>'s Python cannot be used: nothing in /apps/<target>",
    ]);
    expect(lines.at(-2)).toBe('next  repair it, then: lockstep sync run --target <target>');
    expect(lines.at(-1)).toBe(`next  30 targets to run again: lockstep sync run --target ${fleet.join(' ')}`);
  });

  test('keeps different causes apart, and names the target whose details are shown', () => {
    const torn = (name: string, detail: string) =>
      result(name, { outcome: 'undone', error: { code: 'verify-failed', message: 'it failed', details: [detail] } });
    const lines = summaryLines([torn('a', 'one'), torn('b', 'two'), broken('c', 'no Python')], style());
    expect(lines.slice(5)).toEqual([
      'error a, b: it failed',
      '  of a:',
      '  one',
      'error c: no Python',
      'next  repair it, then: lockstep sync run --target c',
      'next  3 targets to run again: lockstep sync run --target a b c',
    ]);
  });

  test('says a warning that many share once', () => {
    const lines = summaryLines(
      fleet.slice(0, 2).map((name) => result(name, { warnings: ['docs/a.md: kept as it is'] })),
      style(),
    );
    expect(lines.slice(4)).toEqual(['! app-01, app-02: docs/a.md: kept as it is']);
  });

  test('has nothing to retry when all is well, and of one target leaves the word to its error', () => {
    expect(summaryLines([result('a')], style()).join('\n')).not.toContain('next');
    expect(summaryLines([broken('a')], style()).filter((line) => line.startsWith('next'))).toEqual([
      'next  repair it, then: lockstep sync run --target a',
    ]);
    expect(summaryLines([], style())).toEqual([]);
  });
});

describe('a narrow terminal', () => {
  const long = result('customer_application_with_a_very_long_name_of_its_own_01');

  test('leaves columns out and shortens names rather than break lines', () => {
    const lines = summaryLines(
      [long, result('b', { counts: { added: 0, changed: 0, removed: 0, kept: 3 } })],
      style(60),
    );
    expect(lines.every((line) => line.length <= 60)).toBe(true);
    expect(lines[2]).toMatch(/^customer_.*….*_own_01 {2}in step {2}\+1 ~0 -0$/);
  });

  test('nothing is cut off in a pipe', () => {
    const [, head, row] = summaryLines([long], style());
    expect(head).toContain('backup');
    expect(row).toContain(`${long.target}-20261123T062004Z-0000`);
    expect(row).toContain(`${long.target}  in step`);
  });

  test('what has to be typed is never shortened', () => {
    const rows = [['a-backup-id-that-is-long', '12 files', 'docs']];
    expect(
      fittedTable(['backup', 'files', 'components'], rows, { columns: 30, spare: ['files'], first: 'whole' }),
    ).toEqual(table(['backup', 'components'], [['a-backup-id-that-is-long', 'docs']]));
  });
});

test('names are listed up to five, then counted', () => {
  expect(namesText(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e');
  expect(namesText(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d and 2 more');
});

test("a target's name is taken out of a text only where it stands alone", () => {
  expect(withoutName('app: /x/app/bin, app2 and my-app and app.py, app-1; app.', 'app')).toBe(
    '<target>: /x/<target>/bin, app2 and my-app and app.py, app-1; <target>.',
  );
  expect(withoutName('a.b and axb', 'a.b')).toBe('<target> and axb');
});
