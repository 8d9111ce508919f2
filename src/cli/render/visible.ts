/** What names and messages hold can neither move the cursor, nor hide a line, nor pose as one. */
import type { Terminal } from '../world.ts';

// Control characters but tabs and line ends, and the marks that turn the direction of text around.
const hiding = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
/** The colours that `paintFor` uses, behind the escape character. */
const ownColours = /^\[(?:1|2|22|31|32|33|39)m/;
const escapeChar = '\u001b';

/** As JSON escapes it, so that an answer in JSON stays one. */
const escaped = (char: string): string => {
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
};

const shown = (text: string, stays: string): string =>
  text.replace(hiding, (char, at: number) => {
    const colour = char === escapeChar && ownColours.test(text.slice(at + 1, at + 5));
    return colour || stays.includes(char) ? char : escaped(char);
  });

/** Text of any number of lines in which every other control character is written out; our colours stay. */
export const visible = (text: string): string => shown(text, '\n\t');

/** The same for what is one line: a line end in it is written out too. */
export const oneLine = (text: string): string => shown(text, '\t');

/** A terminal that shows nothing but visible text. */
export const plainTerminal = ({ ask, ...terminal }: Terminal): Terminal => ({
  ...terminal,
  out: (text) => terminal.out(visible(text)),
  err: (text) => terminal.err(visible(text)),
  ...(ask === undefined ? {} : { ask: (question) => ask(visible(question)) }),
});
