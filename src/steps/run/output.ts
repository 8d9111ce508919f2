/** Hands on what a program prints, line by line and without secrets, and keeps the last lines for an error. */
import { maskText } from '../../domain/mask-text.ts';

type From = 'stdout' | 'stderr';

export interface PrintedRequest {
  /** Key patterns of secrets. */
  readonly patterns: readonly string[];
  /** Values that must not be shown, as `maskable` answers them. */
  readonly known: readonly string[];
  /** Given whole lines with their ends, but for pieces of one that is very long. */
  readonly onText: (text: string) => void;
}

export interface Printed {
  readonly push: (text: string, from: From) => void;
  /** Call once it is over: what stands without a line's end is handed on too. */
  readonly end: () => void;
  /** The last lines, masked. */
  readonly tail: () => readonly string[];
}

const tailLines = 10;
/** A line as long as this is handed on in pieces. */
const longestLine = 1 << 16;

/** What is kept back of a long line is longer than any secret, so that none is cut in two. */
export const openPrinted = ({ patterns, known, onText }: PrintedRequest): Printed => {
  const waiting: Record<From, string> = { stdout: '', stderr: '' };
  const longestSecret = known.reduce((longest, { length }) => Math.max(longest, length), 0);
  let last: readonly string[] = [];
  const tell = (text: string): void => {
    const masked = maskText(text, patterns, known);
    const lines = masked.split(/\r?\n/).filter((line) => line.trim() !== '');
    last = [...last, ...lines].slice(-tailLines);
    onText(masked);
  };
  return {
    push: (text, from) => {
      const all = waiting[from] + text;
      const end = all.lastIndexOf('\n');
      if (end !== -1) tell(all.slice(0, end + 1));
      let rest = all.slice(end + 1);
      if (rest.length > longestLine) {
        for (const value of known) rest = rest.replaceAll(value, '•••');
        const cut = Math.max(0, rest.length - longestSecret);
        tell(rest.slice(0, cut));
        rest = rest.slice(cut);
      }
      waiting[from] = rest;
    },
    end: () => {
      for (const from of ['stdout', 'stderr'] as const) {
        if (waiting[from] !== '') tell(`${waiting[from]}\n`);
        waiting[from] = '';
      }
    },
    tail: () => last,
  };
};
