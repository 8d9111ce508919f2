import { expect, it } from 'vitest';
import { defaultTagName, fillTagName, isRelease, isTagName, tagTemplateProblem } from '../../src/domain/tag-name.ts';

const facts = { 'project.name': 'opencode-ai', 'project.id': 'oc', 'target.name': 'app', version: 'v1.2.0' };
const hole = (word: string): string => `\${{ ${word} }}`;

it('fills in the names that there are', () => {
  expect(fillTagName(defaultTagName, facts)).toBe('opencode-ai-v1.2.0');
  expect(fillTagName(`${hole('project.id')}/${hole('target.name')}/\${{version}}`, facts)).toBe('oc/app/v1.2.0');
  expect(tagTemplateProblem(defaultTagName)).toBeUndefined();
});

it('says what is wrong with a template, and what was meant', () => {
  expect(tagTemplateProblem(hole('versoin'))).toBe(
    '`versoin` is unknown in the name of a tag; did you mean `version`?',
  );
  expect(tagTemplateProblem(hole('run.commit.id'))).toContain(
    'there are project.name, project.id, target.name, version',
  );
  expect(tagTemplateProblem(`${hole('version')}-\${{ version`)).toContain('is not closed');
  expect(tagTemplateProblem('synced')).toContain('it must hold');
  expect(tagTemplateProblem(`a b ${hole('version')}`)).toContain('git takes no tag');
});

it('knows what git takes for a tag', () => {
  for (const name of ['v1', 'a/b-1.2', 'ünï', 'a@b', 'v1.0-3-gabc1234']) expect(isTagName(name), name).toBe(true);
  for (const name of [
    '',
    'a b',
    '-a',
    'a..b',
    'a.',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a@{b',
    'a\tb',
    'a\u007f',
  ])
    expect(isTagName(name), name).toBe(false);
});

it('tells a release from a commit after it', () => {
  expect(['v1.2.0', '2026-11', 'v1-rc-2'].map(isRelease)).toEqual([true, true, true]);
  expect(isRelease('v1.2.0-3-g1a2b3c4')).toBe(false);
});
