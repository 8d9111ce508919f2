/** Folders of text files to work on: as many and as large as a benchmark asks for, no two alike, the same each time. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Corpus {
  /** As in the goals: `S`, `M`, `L`, `XL`. */
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
}

export const medium: Corpus = { name: 'M', files: 1_500, bytes: 12_000_000 };
export const large: Corpus = { name: 'L', files: 20_000, bytes: 400_000_000 };

const perFolder = 50;

/** Text that no compressor finds empty: words made of digests. */
const poolOf = (length: number): string => {
  const pieces: string[] = [];
  for (let size = 0, nth = 0; size < length; nth += 1) {
    const piece = `${createHash('sha512').update(String(nth)).digest('base64')}\n`;
    pieces.push(piece);
    size += piece.length;
  }
  return pieces.join('');
};
let pool = '';

/** What stands in a file: another text for each file and each version. */
export const textOf = ({ files, bytes }: Corpus, nth: number, version = 0): string => {
  pool ||= poolOf(4_000_000);
  const size = Math.round((bytes / files) * (0.2 + ((nth * 7919) % 1600) / 1000));
  const head = `# ${nth}, ${version}\n`;
  const start = (nth * 104_729 + version * 15_485_863) % (pool.length - size);
  return head + pool.slice(start, start + Math.max(0, size - head.length));
};

export const pathOf = (nth: number): string =>
  `part-${Math.floor(nth / perFolder / 20)}/${Math.floor(nth / perFolder) % 20}/page-${nth}.md`;

/** Writes a corpus into a folder that need not be there. */
export const plantCorpus = (dir: string, corpus: Corpus): void => {
  for (let nth = 0; nth < corpus.files; nth += 1) {
    const path = join(dir, pathOf(nth));
    if (nth % perFolder === 0) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(corpus, nth));
  }
};

/** Gives one file in a hundred another text. */
export const changeOnePercent = (dir: string, corpus: Corpus, version: number): void => {
  for (let nth = version % 100; nth < corpus.files; nth += 100)
    writeFileSync(join(dir, pathOf(nth)), textOf(corpus, nth, version));
};
