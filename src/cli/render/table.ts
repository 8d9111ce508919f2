/** A plain table: columns as wide as their longest cell, two spaces apart, the last one free. */
import { stripVTControlCharacters } from 'node:util';

const width = (text: string): number => stripVTControlCharacters(text).length;

/** Lines of a table; no header line when `head` is null. */
export const table = (head: readonly string[] | null, rows: readonly (readonly string[])[]): string[] => {
  const all = head === null ? rows : [head, ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
};
