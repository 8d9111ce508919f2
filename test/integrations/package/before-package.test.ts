import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packagePlace } from '../../../src/integrations/package/place.ts';
import { fromBytes } from '../../../src/integrations/package/stage.ts';
import { planSwap } from '../../../src/integrations/package/swap-plan.ts';
import { situationOf } from '../../fixtures/document-target.ts';
import { commit, initRepo, put, temporary } from '../../fixtures/sandbox.ts';

it('claims no file that stood there before the package and stays: it must never be removed as its own', async () => {
  const dir = temporary('swap');
  const main = initRepo(join(dir, 'main'));
  put(main, { 'src/opencode/opencode/a.py': 'a = 1\n', 'src/opencode/opencode/own.py': 'main = 1\n' });
  commit(main, 'feat: first');
  const target = join(dir, 'target');
  const site = join(target, 'lib', 'site-packages');
  put(site, { 'opencode/own.py': 'mine = 1\n' });
  const { context } = situationOf({ main, target, layout: { site } });
  const place = packagePlace(context);
  if (place === undefined) throw new Error('no place');
  const staged = (path: string, text: string) => ({
    absolute: join(site, path),
    metadata: false,
    ...fromBytes(Buffer.from(text), 0o644),
  });
  const swap = await planSwap(context, {
    place,
    staged: [
      {
        name: 'opencode-ai',
        version: '1.2.0',
        requires: [],
        files: [staged('opencode/a.py', 'a = 1\n'), staged('opencode/own.py', 'main = 1\n')],
      },
    ],
    policy: 'keep',
    facts: { name: 'opencode-ai', version: '1.2.0', wheel: null },
    notes: [],
    warnings: [],
  });
  const paths = swap.actions.flatMap((action) => (action.kind === 'file' ? [action.path] : []));
  expect(paths).toEqual(['lib/site-packages/opencode/a.py']);
  expect(Object.keys(swap.patch.components?.package?.files ?? {})).toEqual(['lib/site-packages/opencode/a.py']);
  expect(swap.patch.decisions).toMatchObject([{ path: 'lib/site-packages/opencode/own.py', choice: 'kept' }]);
});
