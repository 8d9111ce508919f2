/** A plain table: columns as wide as their longest cell, two spaces apart, the last one free. */
import { stripVTControlCharacters } from 'node:util';

type Row = readonly string[];

const gap = 2;

/** What a last cell is given at least where a table has to fit: what is longer wraps. */
const lastColumn = 24;

const narrowestName = 12;

const width = (text: string): number => stripVTControlCharacters(text).length;

const widthsOf = (rows: readonly Row[]): readonly number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));

/** Lines of a table; no header line when `head` is null. */
export const table = (head: Row | null, rows: readonly Row[]): string[] => {
  const all = head === null ? rows : [head, ...rows];
  const widths = widthsOf(all);
  return all.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join(' '.repeat(gap))
      .trimEnd(),
  );
};

export interface Fit {
  /** What a line may be wide; Infinity where nothing is cut off. */
  readonly columns: number;
  /** Head words of the columns that may be left out, the least needed first. */
  readonly spare: readonly string[];
  /** Whether the cells of the first column may be shortened; never where a person has to type them. */
  readonly first: 'shorten' | 'whole';
}

const needed = (rows: readonly Row[]): number =>
  widthsOf(rows).reduce(
    (sum, cells, column, all) => sum + (column === all.length - 1 ? Math.min(cells, lastColumn) : cells + gap),
    0,
  );

/** `long_na…portable`: both ends tell names apart. */
const shortened = (text: string, longest: number): string => {
  if (width(text) <= longest) return text;
  const head = Math.ceil((longest - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (longest - 1 - head))}`;
};

/** A table that gives up columns, then the middle of its names, before it is wider than the terminal. */
export const fittedTable = (head: Row, rows: readonly Row[], { columns, spare, first }: Fit): string[] => {
  let all: readonly Row[] = [head, ...rows];
  for (const word of spare) {
    if (needed(all) <= columns) break;
    const place = (all[0] ?? []).findIndex((cell) => stripVTControlCharacters(cell) === word);
    if (place >= 0) all = all.map((row) => row.filter((_, column) => column !== place));
  }
  const excess = needed(all) - columns;
  if (excess > 0 && first === 'shorten') {
    const longest = Math.max(narrowestName, (widthsOf(all)[0] ?? 0) - excess);
    all = all.map(([name = '', ...rest]) => [shortened(name, longest), ...rest]);
  }
  return table(null, all);
};
