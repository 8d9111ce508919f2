/** `complete`: every file of the copied components stands in the target as main has it, or differs by a recorded decision. */
import { type Static, Type } from '@sinclair/typebox';
import { ownerOf, stateOfRecord } from '../domain/file-compare.ts';
import { type FileState, sameContent } from '../domain/file-state.ts';
import { holdsNames } from '../domain/named-option.ts';
import type { RootedPath } from '../domain/paths.ts';
import { desiredFiles } from '../integrations/component-files.ts';
import { standingOf } from '../integrations/standing.ts';
import type { CheckKind } from './check.ts';
import { type ComponentView, viewComponents } from './component-view.ts';

const options = Type.Object(
  {
    components: Type.Optional(
      Type.Array(Type.String(), {
        description: 'file components; all of them when left out',
        ...holdsNames('file component'),
      }),
    ),
  },
  { additionalProperties: false },
);

const plural = (count: number): string => (count === 1 ? 'file' : 'files');

/** What a path is judged by. */
interface Expected {
  readonly state: FileState;
  /** The version of main that a decision must be about; undefined where the receipt alone says what was synced. */
  readonly blob: string | undefined;
  readonly otherwise: string;
}

/** A component at another commit, rolled back or brought forward alone, is judged by what was synced there then. */
const recordedFiles = ({ earlier }: ComponentView): readonly (readonly [RootedPath, Expected])[] =>
  earlier.flatMap(({ at, files }) =>
    Object.entries(files).map(([path, record]) => {
      const otherwise = `not as it was synced at ${at.slice(0, 10)}`;
      return [path, { state: stateOfRecord(record), blob: undefined, otherwise }] as const;
    }),
  );

const nameList = ({ current, earlier, unsynced }: ComponentView): string =>
  [
    ...current.map(({ name }) => name),
    ...earlier.map(({ name, at }) => `${name} as of ${at.slice(0, 10)}`),
    ...unsynced.map((name) => `${name} not synced here`),
  ].join(', ');

export const complete: CheckKind = {
  name: 'complete',
  summary: 'Every file of the copied components is there, as main has it or as its owner decided.',
  with: options,
  run: async (context, given) => {
    const { components: asked } = given as Static<typeof options>;
    const view = await viewComponents(context, asked);
    const names = nameList(view);
    if (view.unsynced.length > 0 && view.current.length + view.earlier.length === 0) {
      return { outcome: 'could-not-run', cause: `nothing to look at: ${names}` };
    }
    // Contents are read and hashed here, whatever the receipt says of them.
    const desired = await desiredFiles(context.main, view.current, undefined);
    const expected = new Map<RootedPath, Expected>([
      ...[...desired].map(([path, file]) => [path, { ...file, otherwise: 'not as main has it' }] as const),
      ...recordedFiles(view),
    ]);
    const standing = standingOf(context);
    const wrong: string[] = [];
    const decided: string[] = [];
    const judge = (path: RootedPath, { state, blob, otherwise }: Expected): void => {
      const actual = standing.at(path);
      if (sameContent(actual, state)) return;
      const decision = view.decisions.get(path);
      const blocker = standing.blocker(path);
      const owner = blocker === undefined ? ownerOf(actual) : `below:${blocker}`;
      const aboutIt = blob === undefined || decision?.main === blob;
      if (decision?.choice === 'kept' && aboutIt && decision.owner === owner) {
        decided.push(`${path}: ${decision.cause}, kept`);
      } else if (actual.kind === 'absent') wrong.push(`${path}: missing`);
      else wrong.push(`${path}: ${otherwise}`);
    };
    for (const [path, file] of expected) judge(path, file);
    const whole = expected.size - wrong.length - decided.length;
    const counts = `${whole} of ${expected.size} ${plural(expected.size)}`;
    const kept =
      decided.length === 0 ? '' : `, ${decided.length} kept as the owner has ${decided.length === 1 ? 'it' : 'them'}`;
    if (wrong.length > 0) {
      return {
        outcome: 'failed',
        cause: `${counts}${kept}; ${wrong.length} missing or ${context.receipt === undefined ? 'not as main has them' : 'changed since the last sync'} (${names})`,
        details: [...wrong, ...decided],
      };
    }
    return { outcome: 'passed', cause: `${counts}${kept}${names === '' ? '' : ` (${names})`}`, details: decided };
  },
};
