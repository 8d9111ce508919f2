/** `complete`: every file of the copied components stands in the target as main has it, or differs by a recorded decision. */
import { type Static, Type } from '@sinclair/typebox';
import { type DesiredFile, ownerOf } from '../domain/file-compare.ts';
import { sameContent } from '../domain/file-state.ts';
import type { RootedPath } from '../domain/paths.ts';
import { desiredFiles } from '../integrations/component-files.ts';
import { standingOf } from '../integrations/standing.ts';
import type { CheckKind } from './check.ts';
import { type ComponentView, viewComponents } from './component-view.ts';

const options = Type.Object(
  {
    components: Type.Optional(Type.Array(Type.String(), { description: 'file components; all of them when left out' })),
  },
  { additionalProperties: false },
);

const plural = (count: number): string => (count === 1 ? 'file' : 'files');

export const complete: CheckKind = {
  name: 'complete',
  summary: 'Every file of the copied components is there, as main has it or as its owner decided.',
  with: options,
  run: async (context, given) => {
    const { components: asked } = given as Static<typeof options>;
    const { components, decisions }: ComponentView = await viewComponents(context, asked);
    // Contents are read and hashed here, whatever the receipt says of them.
    const desired = await desiredFiles(context.main, components, undefined);
    const standing = standingOf(context);
    const wrong: string[] = [];
    const decided: string[] = [];
    const judge = (path: RootedPath, { state, blob }: DesiredFile): void => {
      const actual = standing.at(path);
      if (sameContent(actual, state)) return;
      const decision = decisions.get(path);
      const blocker = standing.blocker(path);
      const owner = blocker === undefined ? ownerOf(actual) : `below:${blocker}`;
      if (decision?.choice === 'kept' && decision.main === blob && decision.owner === owner) {
        decided.push(`${path}: ${decision.cause}, kept`);
      } else if (actual.kind === 'absent') wrong.push(`${path}: missing`);
      else wrong.push(`${path}: not as main has it`);
    };
    for (const [path, file] of desired) judge(path, file);
    const whole = desired.size - wrong.length - decided.length;
    const counts = `${whole} of ${desired.size} ${plural(desired.size)}`;
    const kept =
      decided.length === 0 ? '' : `, ${decided.length} kept as the owner has ${decided.length === 1 ? 'it' : 'them'}`;
    const names = components.map(({ name }) => name).join(', ');
    if (wrong.length > 0) {
      return {
        outcome: 'failed',
        cause: `${counts}${kept}; ${wrong.length} missing or changed since the last sync (${names})`,
        details: [...wrong, ...decided],
      };
    }
    return { outcome: 'passed', cause: `${counts}${kept}${names === '' ? '' : ` (${names})`}`, details: decided };
  },
};
