import { describe, expect, it } from 'vitest';
import { fitsPython, isAtLeast, minorOf } from '../../src/domain/python-versions.ts';

describe('whether a Python fits a requires-python', () => {
  it.each([
    ['3.11.7', '', 'fits'],
    ['3.11.7', '>=3.8', 'fits'],
    ['3.11.7', '>=3.12', 'does-not-fit'],
    ['3.12.0', '>=3.12', 'fits'],
    ['3.9.1', '>=3.8,!=3.9.*,<4', 'does-not-fit'],
    ['3.10.0', '>=3.8, !=3.9.*, <4', 'fits'],
    ['3.10.0', '>3.9', 'fits'],
    ['3.10', '<=3.10.0', 'fits'],
    ['3.11.7', '<3.11', 'does-not-fit'],
    ['3.11.7', '==3.11.*', 'fits'],
    ['3.1.0', '==3.11.*', 'does-not-fit'],
    ['3.11.0', '==3.11', 'fits'],
    ['3.11.7', '~=3.8', 'fits'],
    ['4.0.0', '~=3.8', 'does-not-fit'],
    ['3.9.0', '~=3.8.2', 'does-not-fit'],
    ['3.8.5', '~=3.8.2', 'fits'],
    ['3.11.7', '===3.11.7', 'fits'],
    ['3.11.7', '===3.11', 'does-not-fit'],
    ['3.13.0rc1', '>=3.13', 'does-not-fit'],
    ['3.13.0rc1', '<3.13', 'does-not-fit'],
    ['3.13.0rc2', '>=3.13.0rc1', 'fits'],
    ['3.13.0b1', '<3.13.0rc1', 'fits'],
    ['3.14.0a2+', '>=3.13', 'fits'],
    ['3.11.7', '^3.8', 'unreadable'],
    ['3.11.7', '~=3', 'unreadable'],
    ['3.11.7', '>=3.*', 'unreadable'],
    ['snake', '>=3.8', 'unreadable'],
  ] as const)('%s for "%s": %s', (version, specifier, fit) => {
    expect(fitsPython(version, specifier)).toBe(fit);
  });
});

it('compares versions of tools by their numbers', () => {
  expect(isAtLeast('22.10', '22.2')).toBe(true);
  expect(isAtLeast('22.1.2', '22.2')).toBe(false);
  expect(isAtLeast('24.0b1', '22.3')).toBe(true);
  expect(minorOf('3.11.7')).toBe('3.11');
});
