/** Reads which targets and which parts a command line names. */
import type { TargetChoice } from '../app/choose-targets.ts';
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';

export interface ChoiceWords {
  readonly names: readonly string[];
  readonly all: boolean;
  /** How to say all, such as `--all-targets`. */
  readonly allFlag: string;
  /** The command, for the hint. */
  readonly command: string;
}

/** Throws `usage` when no target is named, or both some and all. */
export const requiredChoice = ({ names, all, allFlag, command }: ChoiceWords): TargetChoice => {
  if (all && names.length > 0) {
    throw new LockstepError('usage', `both ${names.join(', ')} and ${allFlag} were given`, {
      hint: 'leave one of them out',
    });
  }
  if (all) return 'all';
  if (names.length > 0) return { names };
  throw new LockstepError('usage', 'no target is named', {
    hint: `lockstep ${command} <name>, or ${allFlag}; lockstep target list shows the names`,
  });
};

/** The named targets, or all when none is named. */
export const optionalChoice = (names: readonly string[]): TargetChoice => (names.length === 0 ? 'all' : { names });

/** `a,b` as names. Throws `usage` when the option names nothing: an empty list would pass for all, or for a success. */
export const commaList = (text: string, option: string): readonly string[] => {
  const names = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (names.length > 0) return names;
  throw new LockstepError('usage', `${option} names nothing`, {
    hint: `name one, or several separated by commas: ${option} a,b`,
  });
};

/** The components that are meant; case is no difference. Throws `usage` with the nearest name. */
export const componentsNamed = (words: readonly string[], known: readonly string[]): readonly string[] => {
  return [
    ...new Set(
      words.map((word) => {
        const found =
          known.find((name) => name === word) ?? known.find((name) => name.toLowerCase() === word.toLowerCase());
        if (found !== undefined) return found;
        const near = nearestName(word, known);
        throw new LockstepError('usage', `there is no component ${word}`, {
          hint:
            near !== undefined
              ? `did you mean ${near}?`
              : known.length === 0
                ? 'sync.config.yaml names no components'
                : `there are ${known.join(', ')}`,
        });
      }),
    ),
  ];
};
