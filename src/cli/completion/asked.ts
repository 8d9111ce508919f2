/** Tells what a half-typed command line asks for, by the commander program alone: no command or option can be forgotten. Pure. */
import type { Argument, Command, Option } from 'commander';

/** What the word under the cursor can be. */
export interface Asked {
  readonly command: Command;
  /** Path of the command, such as `sync run`. */
  readonly path: string;
  /** Words given for the command's arguments so far. */
  readonly given: readonly string[];
  /** Values given to options so far, by long name. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** The word under the cursor, without `--option=`. */
  readonly current: string;
  /** What stands before `current` in the same word. */
  readonly before: string;
  readonly asks:
    | { readonly kind: 'commands' }
    | { readonly kind: 'options' }
    | { readonly kind: 'value'; readonly option: Option }
    | { readonly kind: 'argument'; readonly argument: Argument }
    | { readonly kind: 'nothing' };
}

/** Every option that help shows of a command, `--help` among them. */
export const optionsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

/** Every command that help shows. */
export const commandsOf = (command: Command): readonly Command[] => command.createHelp().visibleCommands(command);

const takesValue = ({ required, optional }: Option): boolean => required || optional;

export const longName = (option: Option): string => option.long ?? option.short ?? '';

const optionNamed = (command: Command, word: string): Option | undefined => {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const found = optionsOf(at).find(({ long, short }) => long === word || short === word);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** `--target = app`, as a shell that breaks words at `=` has it, is `--target=app`: only then the shell keeps what stands before. */
const joined = (words: readonly string[]): { readonly words: readonly string[]; readonly apart: number } => {
  const made: string[] = [];
  let apart = 0;
  for (let at = 0; at < words.length; at += 1) {
    const last = made.at(-1) ?? '';
    if (words[at] === '=' && last.startsWith('--') && !last.includes('=')) {
      const value = words[at + 1] ?? '';
      made[made.length - 1] = `${last}=${value}`;
      at += 1;
      apart = at >= words.length - 1 ? last.length + 1 : 0;
    } else made.push(words[at] ?? '');
  }
  return { words: made, apart };
};

/**
 * @param words all after `lockstep`; the last one is under the cursor, and empty where a new one begins
 */
export const whatIsAsked = (program: Command, words: readonly string[]): Asked => {
  const { words: all, apart } = joined(words.length === 0 ? [''] : words);
  const last = all.at(-1) ?? '';
  let command = program;
  let path = '';
  let pending: Option | undefined;
  let operands = false;
  const given: string[] = [];
  const values = new Map<string, readonly string[]>();
  const note = (option: Option, value: string): void => {
    values.set(longName(option), [...(values.get(longName(option)) ?? []), value]);
  };
  for (const word of all.slice(0, -1)) {
    if (!operands && word.startsWith('-') && word !== '-') {
      pending = undefined;
      if (word === '--') operands = true;
      const [name = '', value] = word.startsWith('--') ? word.split(/=(.*)/s) : [word];
      const option = optionNamed(command, name);
      if (option === undefined) continue;
      if (value !== undefined) note(option, value);
      else if (takesValue(option)) pending = option;
      else note(option, '');
      continue;
    }
    if (pending !== undefined) {
      note(pending, word);
      if (!pending.variadic) pending = undefined;
      continue;
    }
    const next = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (next === undefined) given.push(word);
    else {
      command = next;
      path = path === '' ? word : `${path} ${word}`;
    }
  }
  const facts = { command, path, given, values };
  const withValue = operands ? null : /^(--[^=]+)=(.*)$/s.exec(last);
  if (withValue !== null) {
    const option = optionNamed(command, withValue[1] ?? '');
    const before = apart > 0 ? '' : `${withValue[1]}=`;
    const asks = option === undefined ? ({ kind: 'nothing' } as const) : ({ kind: 'value', option } as const);
    return { ...facts, current: withValue[2] ?? '', before, asks };
  }
  const plain = { ...facts, current: last, before: '' };
  if (!operands && last.startsWith('-')) return { ...plain, asks: { kind: 'options' } };
  if (pending !== undefined) return { ...plain, asks: { kind: 'value', option: pending } };
  if (command.commands.length > 0 && given.length === 0) return { ...plain, asks: { kind: 'commands' } };
  const { registeredArguments } = command;
  const argument = registeredArguments[given.length] ?? registeredArguments.find(({ variadic }) => variadic);
  if (argument !== undefined) return { ...plain, asks: { kind: 'argument', argument } };
  return { ...plain, asks: { kind: operands ? 'nothing' : 'options' } };
};
