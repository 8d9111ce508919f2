/** What installing hooks and taking them away would do, as actions; pure, and the same however often it is asked. */
import { LockstepError } from '../errors.ts';
import { type FileState, sameState } from '../file-state.ts';
import type { HookStanding } from './place.ts';
import { type HookName, hookScript } from './script.ts';

/** `before` is what stood at `path` when the plan was made: an action that finds something else is not done. */
export type HookAction =
  | { readonly kind: 'make-folder'; readonly path: string }
  | {
      readonly kind: 'hold';
      readonly hook: HookName;
      readonly path: string;
      readonly before: FileState;
      readonly held: string;
    }
  | {
      readonly kind: 'write';
      readonly hook: HookName;
      readonly path: string;
      readonly before: FileState;
      readonly text: string;
      readonly mode: number;
    }
  | { readonly kind: 'remove'; readonly hook: HookName; readonly path: string; readonly before: FileState }
  | {
      readonly kind: 'give-back';
      readonly hook: HookName;
      readonly path: string;
      readonly before: FileState;
      readonly held: string;
    }
  | { readonly kind: 'record'; readonly path: string; readonly text: string }
  | { readonly kind: 'forget'; readonly path: string }
  | { readonly kind: 'remove-folder'; readonly path: string };

const refused = (complaints: readonly string[]): LockstepError =>
  new LockstepError('conflict-refused', `nothing was changed: ${complaints[0]}`, {
    details: complaints.slice(1),
    hint: 'move your part out of the way, then run it again',
  });

/** Bits of a script's file: git starts what may be executed; husky reads it, and a file that is there keeps its bits. */
const modeFor = ({ caller, there }: HookStanding): number => {
  if (caller === 'entry') return 0o600;
  const usual = caller === 'git' ? 0o755 : 0o644;
  return there.kind === 'file' ? (there.mode & 0o777) | (caller === 'git' ? 0o111 : 0) : usual;
};

const whyNot = (standing: HookStanding): string | undefined => {
  const { there, heldThere, author, path, held } = standing;
  if (there.kind === 'dir' || there.kind === 'other') return `${path} is no file`;
  if (author === 'edited') return `${path} was written by Lockstep and edited since`;
  if (author !== 'other' || heldThere.kind === 'absent' || sameState(there, heldThere)) return undefined;
  return `${path} would be kept as ${held}, where something else stands`;
};

const writeOne = (standing: HookStanding): readonly HookAction[] => {
  const { name, path, there, heldThere, author, held, caller, current } = standing;
  if (current) return [];
  const write: HookAction = {
    kind: 'write',
    hook: name,
    path,
    before: there,
    text: hookScript(name, { caller }),
    mode: modeFor(standing),
  };
  // Held already: an installation that was cut off.
  if (author !== 'other' || heldThere.kind !== 'absent') return [write];
  return [{ kind: 'hold', hook: name, path, before: there, held }, write];
};

/** Writes every script that is missing or older, after a second name was given to what stands there. Throws `conflict-refused`. */
export const planInstall = (standings: readonly HookStanding[]): readonly HookAction[] => {
  const complaints = standings.map(whyNot).filter((why) => why !== undefined);
  if (complaints.length > 0) throw refused(complaints);
  return standings.flatMap(writeOne);
};

const takeOne = ({ name, path, held, there, heldThere, author }: HookStanding): readonly HookAction[] => {
  const isHeld = heldThere.kind !== 'absent';
  if (author === 'lockstep' || author === 'nobody') {
    if (isHeld) return [{ kind: 'give-back', hook: name, path, before: there, held }];
    return author === 'nobody' ? [] : [{ kind: 'remove', hook: name, path, before: there }];
  }
  // What was given a second name and never replaced: an installation that was cut off.
  return isHeld && sameState(there, heldThere) ? [{ kind: 'remove', hook: name, path: held, before: heldThere }] : [];
};

/** Puts back what stood there, or removes the script. What somebody put in its place since is theirs. Throws `conflict-refused`. */
export const planUninstall = (standings: readonly HookStanding[]): readonly HookAction[] => {
  const edited = standings.filter(({ author }) => author === 'edited');
  if (edited.length > 0) throw refused(edited.map(({ path }) => `${path} was written by Lockstep and edited since`));
  return standings.flatMap(takeOne);
};
