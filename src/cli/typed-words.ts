/** Reads which command was meant from words that commander refused. */
import type { Command } from 'commander';
import { LockstepError } from '../domain/errors.ts';

/** The words that may be options. */
export const beforeOperands = (argv: readonly string[]): readonly string[] => {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
};

/** Words that are no options; `-C` takes the next word along. */
const plainWords = (argv: readonly string[]): readonly string[] =>
  beforeOperands(argv).filter((word, at) => !word.startsWith('-') && argv[at - 1] !== '-C');

/** The groups and the command that the words name, as far as they name any. */
const typedCommand = (program: Command, argv: readonly string[]): readonly Command[] => {
  const path: Command[] = [];
  for (const word of plainWords(argv)) {
    const next = (path.at(-1) ?? program).commands.find((command) => command.name() === word);
    if (next === undefined) break;
    path.push(next);
  }
  return path;
};

/** The word that stands where a command's name should and is none. */
export const strayWord = (program: Command, argv: readonly string[]): string | undefined => {
  const path = typedCommand(program, argv);
  return (path.at(-1) ?? program).commands.length === 0 ? undefined : plainWords(argv)[path.length];
};

/** What to type to see how the command goes that was typed. */
export const helpFor = (program: Command, argv: readonly string[]): string => {
  const path = typedCommand(program, argv).filter((command) => command.name() !== 'help');
  return path.length === 0
    ? 'lockstep --help shows the commands, and --help after one its options'
    : `lockstep ${path.map((command) => command.name()).join(' ')} --help shows how it goes`;
};

/** `--since --target app`: commander takes the second option for the value of the first, and may find nothing to complain of. */
export const swallowedOption = (program: Command, argv: readonly string[]): LockstepError | undefined => {
  const path = typedCommand(program, argv);
  const options = path.at(-1)?.options ?? [];
  const words = beforeOperands(argv);
  for (const [at, word] of words.entries()) {
    const taking = options.find(({ long, required }) => required && long === word);
    const value = words[at + 1];
    if (taking === undefined || value === undefined || !options.some(({ long }) => long === value)) continue;
    const hint = helpFor(program, argv);
    return new LockstepError('usage', `option '${taking.flags}' argument missing before ${value}`, { hint });
  }
  return undefined;
};
