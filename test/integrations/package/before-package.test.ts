import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Receipt, receiptFormat } from '../../../src/domain/receipt.ts';
import { type PackagePlace, packagePlace } from '../../../src/integrations/package/place.ts';
import { type Intact, proveIntact, provenComponent } from '../../../src/integrations/package/proof.ts';
import { fromBytes } from '../../../src/integrations/package/stage.ts';
import { planSwap } from '../../../src/integrations/package/swap-plan.ts';
import type { TargetContext } from '../../../src/integrations/target-context.ts';
import { situationOf } from '../../fixtures/document-target.ts';
import { commit, initRepo, put, temporary } from '../../fixtures/sandbox.ts';

const placeOf = (context: TargetContext): PackagePlace => {
  const place = packagePlace(context);
  if (place === undefined) throw new Error('no place');
  return place;
};

/** The swap to a version of a package with two modules. */
const swapTo = async (context: TargetContext, site: string, version: string) => {
  const staged = (path: string, text: string) => ({
    absolute: join(site, path),
    metadata: false,
    ...fromBytes(Buffer.from(text), 0o644),
  });
  return planSwap(context, {
    place: placeOf(context),
    staged: [
      {
        name: 'opencode-ai',
        version,
        requires: [],
        files: [
          staged('opencode/a.py', 'a = 1\n'),
          staged('opencode/own.py', version === '1.2.0' ? 'main = 1\n' : 'main = 2\n'),
        ],
      },
    ],
    policy: 'keep',
    facts: { name: 'opencode-ai', version, wheel: null },
    notes: [],
    warnings: [],
  });
};

it('claims no file that stood there before the package and stays: it must never be removed as its own', async () => {
  const dir = temporary('swap');
  const main = initRepo(join(dir, 'main'));
  put(main, { 'src/opencode/opencode/a.py': 'a = 1\n', 'src/opencode/opencode/own.py': 'main = 1\n' });
  commit(main, 'feat: first');
  const target = join(dir, 'target');
  const site = join(target, 'lib', 'site-packages');
  put(site, { 'opencode/own.py': 'mine = 1\n' });
  const { context } = situationOf({ main, target, layout: { site } });
  const first = await swapTo(context, site, '1.2.0');
  const paths = first.actions.flatMap((action) => (action.kind === 'file' ? [action.path] : []));
  expect(paths).toEqual(['lib/site-packages/opencode/a.py']);
  expect(Object.keys(first.patch.components?.package?.files ?? {})).toEqual(['lib/site-packages/opencode/a.py']);
  expect(first.patch.decisions).toMatchObject([{ path: 'lib/site-packages/opencode/own.py', choice: 'kept' }]);

  // The installation lists the owner's file as its own from then on: that alone is no reason to claim it.
  const info = 'opencode_ai-1.2.0.dist-info';
  const sum = (text: string): string => createHash('sha256').update(text).digest('base64url');
  put(site, {
    'opencode/a.py': 'a = 1\n',
    [`${info}/RECORD`]: `opencode/a.py,sha256=${sum('a = 1\n')},6\nopencode/own.py,sha256=${sum('main = 1\n')},9\n${info}/RECORD,,\n`,
    [`${info}/METADATA`]: 'Name: opencode-ai\nVersion: 1.2.0\n',
  });
  const receipt: Receipt = {
    format: receiptFormat,
    project: context.project.id,
    target: 'app',
    commit: context.run.commit,
    version: null,
    run: 'run-1',
    time: '2026-02-24T00:00:00Z',
    components: first.patch.components ?? {},
    config: {},
    decisions: first.patch.decisions ?? [],
  };
  const later = situationOf({ main, target, layout: { site }, receipt }).context;
  const second = await swapTo(later, site, '1.3.0');
  const claimed = Object.keys(second.patch.components?.package?.files ?? {});
  expect(claimed).toContain('lib/site-packages/opencode/a.py');
  expect(claimed).not.toContain('lib/site-packages/opencode/own.py');

  const place = placeOf(later);
  const proof = proveIntact(later, place);
  expect(proof).toMatchObject({ holds: true, kept: 1 });
  const facts = { name: 'opencode-ai', version: '1.2.0', wheel: 'another' };
  const proven = Object.keys(provenComponent(later, proof as Intact, facts).files);
  expect(proven).toContain('lib/site-packages/opencode/a.py');
  expect(proven).not.toContain('lib/site-packages/opencode/own.py');
});
