/** The text of one TOML file while it is edited: bytes that no splice names come out as they went in. */

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly section?: true;
}

const blank = /^[ \t]*$/;
const blankOrComment = /^[ \t]*(#.*)?$/;

const usualEol = (text: string): '\n' | '\r\n' => {
  const crlf = text.split('\r\n').length - 1;
  return crlf * 2 > text.split('\n').length - 1 ? '\r\n' : '\n';
};

/** Offsets are into `text`: the file without its byte order mark, with a line ending at the end. */
export class Source {
  readonly text: string;
  readonly eol: '\n' | '\r\n';
  private readonly bom: string;
  private readonly endsOpen: boolean;
  private readonly splices: Splice[] = [];

  constructor(file: string) {
    this.bom = file.startsWith('\uFEFF') ? '\uFEFF' : '';
    const body = file.slice(this.bom.length);
    this.eol = usualEol(body);
    this.endsOpen = body !== '' && !body.endsWith('\n');
    this.text = this.endsOpen ? body + this.eol : body;
  }

  lineStart(at: number): number {
    return at === 0 ? 0 : this.text.lastIndexOf('\n', at - 1) + 1;
  }

  /** Just past the line's ending. */
  lineEnd(at: number): number {
    const next = this.text.indexOf('\n', at);
    return next < 0 ? this.text.length : next + 1;
  }

  /** The line that starts at an offset, without its ending. */
  line(start: number): string {
    return this.text.slice(start, this.lineEnd(start)).replace(/\r?\n$/, '');
  }

  indent(at: number): string {
    return /^[ \t]*/.exec(this.line(this.lineStart(at)))?.[0] ?? '';
  }

  isBlankLine(start: number): boolean {
    return start < this.text.length && blank.test(this.line(start));
  }

  isCommentLine(start: number): boolean {
    return start < this.text.length && /^[ \t]*#/.test(this.line(start));
  }

  /** Whether only blanks stand before an offset on its line. */
  startsLine(at: number): boolean {
    return blank.test(this.text.slice(this.lineStart(at), at));
  }

  /** Whether nothing but blanks and a comment follows an offset on its line. */
  endsLine(at: number): boolean {
    return blankOrComment.test(this.text.slice(at, this.lineEnd(at)).replace(/\r?\n$/, ''));
  }

  hasNewline(start: number, end: number): boolean {
    return this.text.slice(start, end).includes('\n');
  }

  /** Past spaces, newlines and comments. */
  skipTrivia(at: number): number {
    const trivia = /(?:[ \t\r\n]|#[^\n]*)*/y;
    trivia.lastIndex = at;
    return at + (trivia.exec(this.text)?.[0].length ?? 0);
  }

  /** Whether something was inserted at an offset already. */
  hasInsertion(at: number): boolean {
    return this.splices.some((splice) => splice.start === at && splice.end === at);
  }

  replace(start: number, end: number, text: string): void {
    this.splices.push({ start, end, text });
  }

  insert(at: number, text: string): void {
    this.splices.push({ start: at, end: at, text });
  }

  /** Behind all that `insert` puts at the same offset: a statement after a new header would be the header's. */
  insertSection(at: number, text: string): void {
    this.splices.push({ start: at, end: at, text, section: true });
  }

  cut(start: number, end: number): void {
    this.splices.push({ start, end, text: '' });
  }

  cutLines(from: number, to: number): void {
    this.cut(this.lineStart(from), this.lineEnd(to));
  }

  /** The edited file. An insertion inside a cut comes right after it; insertions at one place keep their order. */
  finish(): string {
    const removals = this.splices.filter((splice) => splice.end > splice.start).sort((a, b) => a.start - b.start);
    const merged: { start: number; end: number; text: string }[] = [];
    for (const { start, end, text } of removals) {
      const last = merged.at(-1);
      if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
      else merged.push({ start, end, text });
    }
    const inserts = this.splices.filter((splice) => splice.end === splice.start);
    const moved = inserts.map((splice) => {
      const around = merged.find((cut) => cut.start < splice.start && splice.start < cut.end);
      return around === undefined ? splice : { ...splice, start: around.end, end: around.end };
    });
    const lines = moved.filter((splice) => splice.section === undefined);
    const sections = moved.filter((splice) => splice.section === true);
    const all = [...lines, ...sections, ...merged].sort((a, b) => a.start - b.start || a.end - b.end);
    const out: string[] = [];
    let at = 0;
    for (const { start, end, text } of all) {
      out.push(this.text.slice(at, start), text);
      at = end;
    }
    out.push(this.text.slice(at));
    const body = out.join('');
    return this.bom + (this.endsOpen ? body.replace(/(?:\r?\n)+$/, '') : body);
  }
}
