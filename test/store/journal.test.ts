import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import {
  concerns,
  type FileEntry,
  type JournalHeader,
  journalPath,
  listJournals,
  openJournal,
  readJournal,
} from '../../src/store/journal.ts';
import { put, temporary } from '../fixtures/sandbox.ts';
import { diskPorts } from '../fixtures/staged-target.ts';

const header: JournalHeader = {
  format: 1,
  run: 'run-1',
  target: 'app',
  project: 'opencode-ai',
  roots: { target: '/t' },
  places: [{ root: '/t', dir: '/t/.lockstep/txn-run-1', hadFolder: false }],
  receipt: '/t/.lockstep/receipts/opencode-ai.json',
  receiptBefore: null,
};
const entry = (id: number): FileEntry => ({
  kind: 'file',
  id,
  path: `/t/${id}.md`,
  before: { kind: 'absent' },
  after: { kind: 'link', to: 'x' },
  place: 0,
  stage: `s${id}`,
  hold: null,
});

const { files, state } = diskPorts();
const begun = () => {
  const path = journalPath(join(temporary('journal'), 'journal'), 'run-1', 'app');
  const journal = openJournal(state, path);
  journal.begin(header);
  return { path, journal, read: () => readJournal(files, path) };
};
const idsIn = (facts: { readonly entries: readonly { readonly id: number }[] }) => facts.entries.map(({ id }) => id);

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof LockstepError ? error.code : `a bug: ${error}`;
  }
};

describe('a journal', () => {
  it('tells which entries may have been put in place, and how the run ended', () => {
    const { journal, read } = begun();
    expect(read()).toMatchObject({ header, entries: [], ended: null });
    journal.staged([entry(1), entry(2), entry(3)]);
    expect(idsIn(read())).toEqual([]);
    journal.swapping([1, 3]);
    journal.linkless(0);
    expect(idsIn(read())).toEqual([1, 3]);
    expect(read().linkless).toEqual(new Set([0]));
    journal.ended('undone');
    expect(read().ended).toBe('undone');
    journal.remove();
    expect(codeOf(read)).toBe('object-missing');
  });

  it('reads the same at any length that a crash may leave it at, and never more than was written', () => {
    const { path, journal, read } = begun();
    const afterHeader = readFileSync(path).length;
    journal.staged([entry(1), entry(2)]);
    journal.swapping([2]);
    const whole = readFileSync(path);
    for (let length = whole.length; length >= afterHeader; length -= 1) {
      truncateSync(path, length);
      // Only the line break after the last line may be missing.
      expect(idsIn(read())).toEqual(length >= whole.length - 1 ? [2] : []);
    }
  });

  it('believes no line that was changed', () => {
    const { path, journal, read } = begun();
    journal.staged([entry(1)]);
    const text = readFileSync(path, 'utf8');
    journal.swapping([1]);
    const swap = readFileSync(path, 'utf8').slice(text.length);
    writeFileSync(path, `${text}${swap.replace('[1]', '[2]')}`);
    expect(idsIn(read())).toEqual([]);
    writeFileSync(path, `${text.replace('/t/1.md', '/t/2.md')}${swap}`);
    expect(codeOf(read)).toBe('journal-damaged');
  });

  it('goes on behind a line that was torn by a full disk', () => {
    const { path, journal, read } = begun();
    journal.staged([entry(1)]);
    appendFileSync(path, '\n0123456789abcdef {"t":"ent');
    journal.swapping([1]);
    expect(idsIn(read())).toEqual([1]);
  });

  it('of a newer format, or without its first line, is refused by name', () => {
    const { path, journal, read } = begun();
    journal.begin({ ...header, format: 3 as 2 });
    expect(codeOf(read)).toBe('format-newer');
    expect(read).toThrow(path);
    writeFileSync(path, readFileSync(path, 'utf8').slice(1));
    expect(codeOf(read)).toBe('journal-damaged');
    writeFileSync(path, '');
    expect(codeOf(read)).toBe('journal-damaged');
  });

  it('has a file name that no target or run name can lead out of its folder', () => {
    expect(journalPath('/s/journal', '../r', 'a/../../b')).toBe('/s/journal/..%2Fr--a%2F..%2F..%2Fb.ndjson');
  });

  it('is listed with the run, target and roots that it is about, readable or not; other files are not', () => {
    const dir = temporary('journal');
    put(dir, { 'run-2--old%20app.ndjson': 'damaged', 'run-3--a.ndjson.12.ab.tmp': '' });
    openJournal(state, journalPath(dir, 'run-1', 'app')).begin(header);
    expect(listJournals({ files }, { journal: dir })).toEqual([
      { path: join(dir, 'run-1--app.ndjson'), run: 'run-1', target: 'app', roots: ['/t'] },
      { path: join(dir, 'run-2--old%20app.ndjson'), run: 'run-2', target: 'old app', roots: [] },
    ]);
    expect(listJournals({ files }, { journal: join(dir, 'missing') })).toEqual([]);
  });

  it('concerns its own target, and any that shares a root with it', () => {
    const journal = { path: 'x', run: 'run-1', target: 'app', roots: ['/t', '/python'] };
    expect(concerns(journal, 'app')).toBe(true);
    expect(concerns(journal, 'other', { target: '/other', python: '/python' })).toBe(true);
    expect(concerns(journal, 'other', { target: '/other', python: '/python-evil' })).toBe(false);
  });
});
