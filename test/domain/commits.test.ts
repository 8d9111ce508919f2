import { describe, expect, it } from 'vitest';
import { parseCommit } from '../../src/domain/commits.ts';

const parse = (subject: string, body = '') => {
  const { type, scope, breaking } = parseCommit({ id: 'a1', subject, body, author: 'Ada', time: '', files: [] });
  return { type, scope, breaking };
};

describe('a commit message', () => {
  it.each([
    ['feat: x', { type: 'feat', scope: '', breaking: false }],
    ['fix(security): x', { type: 'fix', scope: 'security', breaking: false }],
    ['FIX(Provider): x', { type: 'fix', scope: 'provider', breaking: false }],
    ['feat!: x', { type: 'feat', scope: '', breaking: true }],
    ['refactor(core, api)!: x', { type: 'refactor', scope: 'core, api', breaking: true }],
    ['security: x', { type: 'security', scope: '', breaking: false }],
    ['build-deps(npm)!: x', { type: 'build-deps', scope: 'npm', breaking: true }],
    ['fix:x', { type: 'other', scope: '', breaking: false }],
    ['fix : x', { type: 'other', scope: '', breaking: false }],
    ['fix: ', { type: 'other', scope: '', breaking: false }],
    ['Merge branch "side": it', { type: 'other', scope: '', breaking: false }],
    ['Update README.md', { type: 'other', scope: '', breaking: false }],
    ['', { type: 'other', scope: '', breaking: false }],
  ])('%j is read the Conventional Commits way', (subject, expected) => {
    expect(parse(subject)).toEqual(expected);
  });

  it('is breaking by its footer, in both spellings and with both separators', () => {
    for (const footer of ['BREAKING CHANGE: keys moved', 'BREAKING-CHANGE: keys moved', 'BREAKING CHANGE #12']) {
      expect(parse('chore: x', `why\n\nReviewed-by: Z\n${footer}`).breaking, footer).toBe(true);
    }
  });

  it('is not breaking by prose, lower case or an empty footer', () => {
    for (const body of ['no BREAKING CHANGE: here', 'breaking change: x', 'BREAKING CHANGES: x', 'BREAKING CHANGE:']) {
      expect(parse('chore: x', body).breaking, body).toBe(false);
    }
  });
});
