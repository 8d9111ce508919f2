/** `__complete`: what the completion scripts ask for the words that go on from a half-typed line. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Call } from '../call.ts';
import { whatIsAsked } from '../completion/asked.ts';
import { candidatesFor } from '../completion/candidates.ts';

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** One line that says what follows, `words`, `files` or `folders`; then a line for each: the word, a tab, what it is. */
export const runComplete = async (call: Call, program: Command, words: readonly string[]): Promise<number> => {
  const named = whatIsAsked(program, words).values.get('-C')?.at(-1);
  const dir = named === undefined ? call.dir : resolve(call.dir, named);
  const look = async () => {
    const { liveNames } = await import('../../app/live-names.ts');
    return liveNames(await call.world.ports('dry-run'), dir);
  };
  const found = await candidatesFor(program, words, look);
  call.answer({ kind: 'candidates', of: found.kind, words: found.words }, [
    found.kind,
    ...found.words.map(({ word, says }) => `${word}\t${oneLine(says)}`),
  ]);
  return 0;
};
