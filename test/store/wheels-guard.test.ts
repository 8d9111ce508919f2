import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { diskState } from '../../src/adapters/state-files.ts';
import { diskTree } from '../../src/adapters/tree.ts';
import { openWheels } from '../../src/store/wheels.ts';
import { temporary } from '../fixtures/sandbox.ts';

it('follows no key file out of the folder that its digest names', () => {
  const dir = temporary('wheels');
  const built = join(dir, 'opencode_ai-1.2.0-py3-none-any.whl');
  writeFileSync(built, 'the wheel');
  const places = { wheels: join(dir, 'store') };
  const open = () =>
    openWheels({
      ports: { files: diskFiles(() => {}), state: diskState(), openTree: diskTree },
      places,
      persist: 'store',
    });
  const { sha256 } = open().keep('key', built, { name: 'opencode-ai', version: '1.2.0' });
  expect(sha256).toBe(createHash('sha256').update('the wheel').digest('hex'));
  const [file = ''] = readdirSync(join(places.wheels, 'keys'));
  // The very same bytes, but in a place where others may change them between the look and the use.
  const elsewhere = {
    format: 1,
    name: 'opencode-ai',
    version: '1.2.0',
    sha256,
    file: '../../opencode_ai-1.2.0-py3-none-any.whl',
  };
  writeFileSync(join(places.wheels, 'keys', file), JSON.stringify(elsewhere));
  expect(open().find('key')).toBeUndefined();
});
