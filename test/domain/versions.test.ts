import { expect, it } from 'vitest';
import { versionJump } from '../../src/domain/versions.ts';

it.each([
  ['v1.2.3', 'v1.2.4', null],
  ['v1.2.3', 'v1.2.3-4-gabc1234', null],
  ['v1.2.3', 'v1.3.0', 'minor'],
  ['v1.9.0', '1.10.0', 'minor'],
  ['v1.2.3', 'v2.0.0', 'major'],
  ['v2.0.0', 'v1.9.9', 'major'],
  ['release-1/v1.2.0', 'release-1/v1.3.0', 'minor'],
  ['v1', 'v2-3-gabc1234', 'major'],
  ['nightly', 'v1.0.0', null],
  [null, 'v1.0.0', null],
  ['v1.0.0', null, null],
] as const)('from %s to %s is %s', (from, to, jump) => {
  expect(versionJump(from, to)).toBe(jump);
});
