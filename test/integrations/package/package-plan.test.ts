import { expect, it } from 'vitest';
import { diskFiles } from '../../../src/adapters/files.ts';
import { pinNote } from '../../../src/integrations/package/package-plan.ts';
import type { PackagePlace } from '../../../src/integrations/package/place.ts';
import type { TargetContext } from '../../../src/integrations/target-context.ts';
import { put, temporary } from '../../fixtures/sandbox.ts';

it.each([
  [undefined, '+', 'lib 1.3 from the index (sha256 0123456789ab)'],
  ['1.3', '~', 'lib 1.3 from the index (sha256 0123456789ab)'],
  ['1.2', '~', 'lib 1.2 → 1.3 from the index (sha256 0123456789ab)'],
])('a distribution that comes along is told with its versions, old and new: %s', (before, sign, text) => {
  const site = temporary('site');
  if (before !== undefined) {
    put(`${site}/lib-${before}.dist-info`, { METADATA: `Name: lib\nVersion: ${before}\n\n`, RECORD: '' });
  }
  const place = { site, prefix: null, scripts: null, rooted: (path: string) => path } as unknown as PackagePlace;
  const context = { ports: { files: diskFiles(() => {}) } } as unknown as TargetContext;
  const pin = { name: 'lib', version: '1.3', url: '', sha256: '0123456789abcdef', direct: false };
  expect(pinNote(context, place, pin)).toEqual({ kind: 'note', sign, text });
});
