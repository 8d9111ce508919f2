/** The words that can stand under the cursor, with what each is; live names are looked up only for what is asked. */
import type { Command } from 'commander';
import type { LiveNames, NamedThing } from '../../app/live-names.ts';
import { type Asked, commandsOf, longName, optionsOf, whatIsAsked } from './asked.ts';
import { type Meaning, meaningOfArgument, meaningOfOption } from './meanings.ts';
import { shells } from './shells/index.ts';

export interface Candidate {
  /** The whole word that takes the place of the one under the cursor. */
  readonly word: string;
  /** One line; empty where there is nothing to say. */
  readonly says: string;
}

export interface Candidates {
  /** `files` and `folders` are looked for by the shell itself. */
  readonly kind: 'words' | 'files' | 'folders';
  readonly words: readonly Candidate[];
}

const none: Candidates = { kind: 'words', words: [] };

const commandWords = (command: Command): readonly Candidate[] =>
  commandsOf(command).map((one) => ({ word: one.name(), says: one.summary() }));

const optionWords = ({ command, values }: Asked): readonly Candidate[] =>
  optionsOf(command)
    .filter((option) => option.variadic || !values.has(longName(option)))
    .flatMap((option) => {
      const names = [option.long, option.short].filter((name) => name !== undefined && name !== null);
      return names.map((word) => ({ word, says: option.description }));
    });

/** The part of `a,b,c` that is being typed, and those that stand before it. */
const listPart = (current: string): { readonly before: string; readonly named: readonly string[] } => {
  const end = current.lastIndexOf(',') + 1;
  return { before: current.slice(0, end), named: current.slice(0, end).split(',').filter(Boolean) };
};

/** Commands below those that were named already: `help sync r…`. */
const commandsBelow = (program: Command, given: readonly string[]): readonly Candidate[] => {
  let at: Command | undefined = program;
  for (const word of given) at = at?.commands.find((one) => one.name() === word);
  return at === undefined ? [] : commandWords(at);
};

/** The target that the line names, which decides which backups there are. */
const targetOf = ({ given, values }: Asked): string | undefined => values.get('--target')?.[0] ?? given[0];

const live: Readonly<Partial<Record<Meaning, NamedThing>>> = {
  target: 'target',
  run: 'run',
  component: 'component',
  'component list': 'component',
  'suite list': 'suite',
  step: 'step',
  'step list': 'step',
  pipeline: 'pipeline',
  type: 'type',
  revision: 'revision',
  backup: 'backup',
};

type Look = () => Promise<LiveNames>;

const namesOf = async (meaning: Meaning, asked: Asked, look: Look): Promise<readonly Candidate[]> => {
  const names = async (thing: NamedThing) =>
    (await (await look()).names(thing, { target: targetOf(asked) })).map(({ name, says }) => ({ word: name, says }));
  if (meaning === 'pipeline or target') return [...(await names('pipeline')), ...(await names('target'))];
  if (meaning === 'status') return (await look()).statuses().map((word) => ({ word, says: '' }));
  if (meaning === 'shell') return shells.map(({ name }) => ({ word: name, says: '' }));
  if (meaning === 'run') return [{ word: 'last', says: 'the newest one' }, ...(await names('run'))];
  const thing = live[meaning];
  return thing === undefined ? [] : names(thing);
};

const valueWords = async (meaning: Meaning | undefined, asked: Asked, look: Look): Promise<Candidates> => {
  if (meaning === 'file') return { kind: 'files', words: [] };
  if (meaning === 'folder') return { kind: 'folders', words: [] };
  if (meaning === undefined || meaning === 'free') return none;
  const found = await namesOf(meaning, asked, look);
  const list = meaning.endsWith(' list') ? listPart(asked.current) : { before: '', named: [] };
  const left = found.filter(({ word }) => !list.named.includes(word));
  // What stands on the line already is not meant a second time.
  const fresh = asked.asks.kind === 'argument' ? left.filter(({ word }) => !asked.given.includes(word)) : left;
  return { kind: 'words', words: fresh.map(({ word, says }) => ({ word: `${list.before}${word}`, says })) };
};

const allOf = async (program: Command, asked: Asked, look: Look): Promise<Candidates> => {
  const { asks, command, path, given } = asked;
  switch (asks.kind) {
    case 'commands':
      return { kind: 'words', words: commandWords(command) };
    case 'options':
      return { kind: 'words', words: optionWords(asked) };
    case 'value':
      return valueWords(meaningOfOption(path, asks.option), asked, look);
    case 'argument': {
      const meaning = meaningOfArgument(path, asks.argument);
      if (meaning === 'command') return { kind: 'words', words: commandsBelow(program, given) };
      return valueWords(meaning, asked, look);
    }
    case 'nothing':
      return none;
  }
};

/** Only words that go on from what was typed. */
export const candidatesFor = async (program: Command, words: readonly string[], look: Look): Promise<Candidates> => {
  const asked = whatIsAsked(program, words);
  const all = await allOf(program, asked, look);
  return {
    kind: all.kind,
    words: all.words
      .filter(({ word }) => word.startsWith(asked.current))
      .map(({ word, says }) => ({ word: `${asked.before}${word}`, says })),
  };
};
