/** Shows each step as a person would type and see it, and notes every exit status that was not the expected one. */
import type { Claims, Print } from './claims.ts';
import type { Ran, Shell } from './shell.ts';

export interface StageParts {
  readonly shell: Shell;
  readonly claims: Claims;
  readonly print: Print;
  /** The built command. */
  readonly command: string;
  /** Where commands are typed: the main root. */
  readonly main: string;
}

export interface Expected {
  /** Exit status, 0 unless told. */
  readonly code?: number;
  /** Lines of output shown, 14 unless told. */
  readonly show?: number;
}

export interface Stage extends StageParts {
  readonly chapter: (title: string) => void;
  readonly say: (line: string) => void;
  /** Types `lockstep …` in the main project. */
  readonly lockstep: (words: string, expected?: Expected) => Promise<Ran>;
  /** One line for every command that ended otherwise than expected. */
  readonly surprises: () => readonly string[];
}

const shortened = (text: string, count: number): readonly string[] => {
  const lines = text.replace(/^\n+|\s+$/g, '').split('\n');
  if (lines.length <= count + 1) return lines;
  // The end holds the summary: it is the part that is worth seeing.
  const end = Math.ceil(count / 2);
  const left = lines.length - count;
  return [...lines.slice(0, count - end), `… ${left} more lines …`, ...lines.slice(lines.length - end)];
};

export const openStage = (parts: StageParts): Stage => {
  const { shell, print, command, main } = parts;
  const surprises: string[] = [];
  let chapters = 0;
  return {
    ...parts,
    chapter: (title) => {
      chapters += 1;
      print(`\n== ${chapters}. ${title} ==`);
    },
    say: (line) => print(`  ${line}`),
    lockstep: async (words, { code = 0, show = 14 } = {}) => {
      print(`\n  $ lockstep ${words}`);
      const ran = await shell.run(main, [process.execPath, command, ...words.split(' ')]);
      for (const line of shortened(ran.text, show)) print(`    ${line.length > 180 ? `${line.slice(0, 179)}…` : line}`);
      if (ran.code !== 0 || code !== 0) print(`    (exit status ${ran.code})`);
      if (ran.code !== code) surprises.push(`lockstep ${words}: ${ran.code} instead of ${code}`);
      return ran;
    },
    surprises: () => surprises,
  };
};
