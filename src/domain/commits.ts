/** Reads commit messages the way Conventional Commits 1.0 writes them; one that does not follow it has type `other`. */
import type { Commit } from './change.ts';

/** A commit as git tells of it. */
export interface CommitText {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  readonly author: string;
  readonly time: string;
  readonly files: readonly string[];
}

/** `type(scope)!: description`. Rule 15: everything but BREAKING CHANGE is read without regard to case. */
const header = /^([\p{L}][\p{L}\p{N}_-]*)(?:\(([^()]*)\))?(!)?:\s+\S/u;

/** Rules 8, 9, 12, 16: a footer's token ends with `: ` or ` #`; the two spellings mean the same; upper case only. */
const breakingFooter = /^BREAKING[ -]CHANGE(?:: | #)\s*\S/m;

/** Type and scope in lower case; `breaking` from `!` or from the footer, with any type. */
export const parseCommit = ({ id, subject, body, author, time, files }: CommitText): Commit => {
  const [, type, scope, mark] = header.exec(subject) ?? [];
  return {
    id,
    subject,
    type: type?.toLowerCase() ?? 'other',
    scope: scope?.trim().toLowerCase() ?? '',
    breaking: mark === '!' || breakingFooter.test(body),
    author,
    time,
    files,
  };
};
