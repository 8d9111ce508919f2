/** What stands at the places of Lockstep's hooks in a repository; reads only. */
import { join } from 'node:path';
import type { FileState } from '../../domain/file-state.ts';
import type { HookPlace, HookStanding } from '../../domain/hooks/place.ts';
import {
  authorOf,
  type HookCaller,
  type HookName,
  heldSuffix,
  hookNames,
  hookScript,
} from '../../domain/hooks/script.ts';
import type { Files, GitPlaces } from '../../ports.ts';
import { entryKinds } from './entries/index.ts';
import type { HookGround } from './ground.ts';

/** Files of Lockstep's own in git's folder: never moved with the state, for the scripts look for them there. */
export const hookState = (git: GitPlaces) => {
  const dir = join(git.commonDir, 'lockstep');
  return { dir, launcher: join(dir, 'launcher'), moved: join(dir, 'moved'), scripts: join(dir, 'hooks') } as const;
};

const placeIn = (folder: string, name: HookName, caller: HookCaller): HookPlace => {
  const path = join(folder, name);
  return { name, caller, path, held: `${path}${heldSuffix}` };
};

/** Where the script of each hook belongs. */
export const hookPlaces = (ground: HookGround, git: GitPlaces): readonly HookPlace[] => {
  const { manager, folder, scripts } = ground;
  const own = hookState(git).scripts;
  if (manager === 'shared-hooks-path') return hookNames.map((name) => placeIn(own, name, 'entry'));
  const entries = entryKinds.find((kind) => kind.manager === manager);
  if (entries !== undefined) {
    return hookNames.map((name) =>
      entries.hooks.includes(name) ? placeIn(own, name, 'entry') : placeIn(folder, name, 'git'),
    );
  }
  if (manager !== 'husky') return hookNames.map((name) => placeIn(folder, name, 'git'));
  // husky knows no reference-transaction, and leaves in its folder what it did not write.
  return hookNames.map((name) =>
    name === 'reference-transaction' ? placeIn(folder, name, 'git') : placeIn(scripts, name, 'husky'),
  );
};

/** Every place where scripts may have been written, also by an installation under another manager. */
export const allPlaces = (ground: HookGround, git: GitPlaces): readonly HookPlace[] => {
  const husky = join(git.root, '.husky');
  const found = [
    ...hookPlaces(ground, git),
    ...hookNames.flatMap((name) => [
      placeIn(hookState(git).scripts, name, 'entry'),
      placeIn(join(git.commonDir, 'hooks'), name, 'git'),
      placeIn(ground.folder, name, 'git'),
      placeIn(husky, name, 'husky'),
      placeIn(join(husky, '_'), name, 'git'),
    ]),
  ];
  const paths = found.map(({ path }) => path);
  return found.filter(({ path }, at) => paths.indexOf(path) === at);
};

const runnable = (there: FileState, caller: HookCaller): boolean =>
  caller !== 'git' || (there.kind === 'file' && (there.mode & 0o100) !== 0);

/** Throws `disk` for what cannot be read. */
export const standingOf = (files: Files, place: HookPlace): HookStanding => {
  const there = files.state(place.path);
  const heldThere = files.state(place.held);
  if (there.kind !== 'file') {
    return { ...place, there, heldThere, author: there.kind === 'absent' ? 'nobody' : 'other', current: false };
  }
  const text = files.readText(place.path);
  const current = text === hookScript(place.name, { caller: place.caller }) && runnable(there, place.caller);
  return { ...place, there, heldThere, author: authorOf(text), current };
};
