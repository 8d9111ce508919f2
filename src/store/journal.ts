/** The journal of one transaction: enough, on disk before the first change, to put everything back. */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { FileState } from '../domain/file-state.ts';
import { isInside, type Roots } from '../domain/paths.ts';
import type { Files, StateFiles } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';

/** 2 since programs are in it: one who does not know them would leave what they wrote. */
export const journalFormat = 2;

const ending = '.ndjson';

/** Where one root's files are staged and held. */
export interface StagingPlace {
  readonly root: string;
  /** `<root>/.lockstep/txn-…`, flat. */
  readonly dir: string;
  /** Whether `<root>/.lockstep` stood there before; if not, it goes again when it ends up empty. */
  readonly hadFolder: boolean;
}

export interface JournalHeader {
  readonly format: 1 | typeof journalFormat;
  readonly run: string;
  readonly target: string;
  readonly project: string;
  readonly roots: Roots;
  readonly places: readonly StagingPlace[];
  /** Absolute path of the receipt whose `run` decides between done and undone. */
  readonly receipt: string;
  /** sha256 of the receipt as it stood; null when there was none. */
  readonly receiptBefore: string | null;
}

/** One path, absolute. A file's kind never turns into a folder's in one entry: that is two. */
export interface FileEntry {
  readonly kind: 'file';
  readonly id: number;
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
  /** Index into the header's places. */
  readonly place: number;
  /** Name of the staged file or link in the place; null when nothing is written. */
  readonly stage: string | null;
  /** Name under which the old file is kept in the place; null when there is none to keep. */
  readonly hold: string | null;
}

export interface RefEntry {
  readonly kind: 'ref';
  readonly id: number;
  readonly checkout: string;
  readonly ref: string;
  readonly before: string;
  readonly after: string;
}

export type JournalEntry = FileEntry | RefEntry;

/** What stood at one path of a program's declared writes. */
export interface SeenPath {
  /** Relative to the target's folder, forward slashes. */
  readonly path: string;
  readonly state: FileState;
  /** Nanoseconds, as a decimal string. */
  readonly mtimeNs: string;
}

/** A program that writes by itself, at paths that its globs declare: all that stood there before it was started. */
export interface ExternalEntry {
  readonly id: number;
  readonly step: string;
  /** Absolute path of the folder that the globs and paths are relative to. */
  readonly root: string;
  readonly globs: readonly string[];
  /** Index into the header's places: where what is brought back is made. */
  readonly place: number;
  /** Covered paths, and the folders that lead to them. */
  readonly before: readonly SeenPath[];
}

/** A program that was started, and what it left. */
export interface ExternalFacts {
  readonly entry: ExternalEntry;
  /** null until the program is over: whatever stands there is its own till then. */
  readonly after: readonly SeenPath[] | null;
}

export type Ended = 'committed' | 'undone';

type JournalLine =
  | { readonly t: 'header'; readonly header: JournalHeader }
  | { readonly t: 'entry'; readonly entry: JournalEntry }
  /** All entries of a staged batch are on the disk. Entries without it were never acted on. */
  | { readonly t: 'ready'; readonly ids: readonly number[] }
  /** These entries are about to be put in place. */
  | { readonly t: 'swap'; readonly ids: readonly number[] }
  /** From here on, files of this place are held by renaming: their paths are missing for a moment. */
  | { readonly t: 'linkless'; readonly place: number }
  /** This program is about to be started. */
  | { readonly t: 'external'; readonly entry: ExternalEntry }
  /** It is started once more: what it left before says nothing any more. */
  | { readonly t: 'again'; readonly id: number }
  /** It is over, and this is what it left. */
  | { readonly t: 'left'; readonly id: number; readonly after: readonly SeenPath[] }
  | { readonly t: 'ended'; readonly how: Ended };

export interface Journal {
  readonly path: string;
  /** Creates the journal, durably. */
  begin(header: JournalHeader): void;
  staged(entries: readonly JournalEntry[]): void;
  swapping(ids: readonly number[]): void;
  linkless(place: number): void;
  /** Call before the program is started for the first time. */
  external(entry: ExternalEntry): void;
  /** Call before it is started again. */
  again(id: number): void;
  /** Call once nothing of it runs any more. */
  left(id: number, after: readonly SeenPath[]): void;
  /** Not flushed: losing it costs a second look, nothing else. */
  ended(how: Ended): void;
  remove(): void;
}

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const lineOf = (line: JournalLine): string => {
  const text = JSON.stringify(line);
  return `${sumOf(text)} ${text}\n`;
};

/** Where the journal of a run in a target lies. */
export const journalPath = (folder: string, run: string, target: string): string =>
  join(folder, `${encodeURIComponent(run)}--${encodeURIComponent(target)}${ending}`);

/** A journal to write to. Every method but `ended` has its lines on the disk when it returns; all throw `disk`. */
export const openJournal = (state: StateFiles, path: string): Journal => {
  // A line break comes first, so that what a failed append left behind spoils no line but its own.
  const append = (lines: readonly JournalLine[], durability?: 'lazy'): void =>
    state.append(path, `\n${lines.map(lineOf).join('')}`, durability);
  return {
    path,
    begin: (header) => state.replace(path, lineOf({ t: 'header', header })),
    staged: (entries) =>
      append([
        ...entries.map((entry) => ({ t: 'entry' as const, entry })),
        { t: 'ready', ids: entries.map((entry) => entry.id) },
      ]),
    swapping: (ids) => append([{ t: 'swap', ids }]),
    linkless: (place) => append([{ t: 'linkless', place }]),
    external: (entry) => append([{ t: 'external', entry }]),
    again: (id) => append([{ t: 'again', id }]),
    left: (id, after) => append([{ t: 'left', id, after }]),
    ended: (how) => append([{ t: 'ended', how }], 'lazy'),
    remove: () => state.remove(path),
  };
};

/** A journal as found on disk. */
export interface JournalFacts {
  readonly path: string;
  readonly header: JournalHeader;
  /** Entries that were about to be put in place, or were; oldest first. Nothing else was ever touched. */
  readonly entries: readonly JournalEntry[];
  readonly linkless: ReadonlySet<number>;
  /** Programs that were started, oldest first. */
  readonly externals: readonly ExternalFacts[];
  readonly ended: Ended | null;
}

const parseLine = (line: string): JournalLine | undefined => {
  const text = line.slice(17);
  if (line[16] !== ' ' || sumOf(text) !== line.slice(0, 16)) return undefined;
  return JSON.parse(text) as JournalLine;
};

const headerOf = (path: string, line: JournalLine | undefined): JournalHeader => {
  if (line?.t !== 'header') {
    throw new LockstepError('journal-damaged', `the journal ${path} is damaged: its first line cannot be read`, {
      hint: 'compare the target with its last backup, restore what differs, then delete the journal',
    });
  }
  const format: number = line.header.format;
  if (format > journalFormat) {
    throw new LockstepError(
      'format-newer',
      `the journal ${path} was written by a newer Lockstep (format ${format}; this one knows ${journalFormat})`,
      { hint: 'recover with the Lockstep that wrote it, or update this one' },
    );
  }
  return line.header;
};

/** Reads a journal; lines that a crash tore are left out. Throws `journal-damaged`, `format-newer`, `object-missing`. */
export const readJournal = (files: Files, path: string): JournalFacts => {
  const [first, ...rest] = files.readText(path).split('\n');
  const header = headerOf(path, parseLine(first ?? ''));
  const entries = new Map<number, JournalEntry>();
  const ready = new Set<number>();
  const started = new Set<number>();
  const linkless = new Set<number>();
  const externals = new Map<number, ExternalFacts>();
  let ended: Ended | null = null;
  const noteExternal = (id: number, after: ExternalFacts['after']): void => {
    const known = externals.get(id);
    if (known !== undefined) externals.set(id, { ...known, after });
  };
  for (const raw of rest) {
    const line = parseLine(raw);
    if (line?.t === 'entry') entries.set(line.entry.id, line.entry);
    if (line?.t === 'ready') for (const id of line.ids) ready.add(id);
    if (line?.t === 'swap') for (const id of line.ids) started.add(id);
    if (line?.t === 'linkless') linkless.add(line.place);
    if (line?.t === 'external') externals.set(line.entry.id, { entry: line.entry, after: null });
    if (line?.t === 'again') noteExternal(line.id, null);
    if (line?.t === 'left') noteExternal(line.id, line.after);
    if (line?.t === 'ended') ended = line.how;
  }
  const missing = [...started].find((id) => !ready.has(id) || !entries.has(id));
  if (missing !== undefined) {
    throw new LockstepError('journal-damaged', `the journal ${path} is damaged: it lacks entry ${missing}`, {
      hint: 'compare the target with its last backup, restore what differs, then delete the journal',
    });
  }
  return {
    path,
    header,
    entries: [...entries.values()].filter((entry) => started.has(entry.id)),
    linkless,
    externals: [...externals.values()],
    ended,
  };
};

/** A run that ended neither way: it lives still, or was cut off. */
export interface WaitingJournal {
  readonly path: string;
  readonly run: string;
  readonly target: string;
  /** Folders that nobody may write in before it is recovered; none when the journal cannot be read. */
  readonly roots: readonly string[];
}

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const waiting = (files: Files, path: string): WaitingJournal => {
  try {
    const { header } = readJournal(files, path);
    return { path, run: header.run, target: header.target, roots: header.places.map((place) => place.root) };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    // What its name says is enough to tell whose it is.
    const [run = '', target = ''] = basename(path, ending).split('--').map(decoded);
    return { path, run, target, roots: [] };
  }
};

/** All journals, by run id. Throws `disk`. */
export const listJournals = (
  { files }: { readonly files: Files },
  { journal }: Pick<StatePlaces, 'journal'>,
): readonly WaitingJournal[] =>
  files
    .list(journal)
    .filter((name) => name.endsWith(ending))
    .map((name) => waiting(files, join(journal, name)));

/**
 * Whether a journal has to be recovered before anything is written in a target: its own, or one of a run that wrote in
 * a root of it, around one or in one: the Python that two targets share may lie in the folder of the one.
 */
export const concerns = (journal: WaitingJournal, target: string, roots: Partial<Roots> = {}): boolean =>
  journal.target === target ||
  Object.values(roots).some((root) => journal.roots.some((other) => isInside(root, other) || isInside(other, root)));
