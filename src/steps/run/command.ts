/** What a `run` step starts: its words and environment filled in, how people see it, and the digest that says when it is another. */
import { LockstepError } from '../../domain/errors.ts';
import { maskText } from '../../domain/mask-text.ts';
import { isSecret, mask } from '../../domain/secrets.ts';
import type { TreeEntry } from '../../ports.ts';
import { sha256 } from '../../store/main-tree.ts';
import type { StepContext } from '../step.ts';
import { filesAlong, namedFiles } from './script.ts';

export interface RunOptions {
  readonly argv?: readonly string[];
  readonly script?: string;
  readonly writes?: readonly string[];
  readonly outputs?: 'json';
}

export interface Command {
  /** `?` stands where something is not known yet. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files of main by the word that names them. */
  readonly named: ReadonlyMap<string, string>;
  /** What comes along from main. */
  readonly along: readonly TreeEntry[];
  /** As people read it, secrets masked: one line. */
  readonly shown: string;
  readonly shownEnv: readonly string[];
  /** The same for the same program, arguments, environment and files of main, whichever run asks. */
  readonly digest: string;
}

/** What differs from run to run though nothing changed: the words themselves count, not what they become. */
const passing =
  /\bchanges\b|\b(?:run|target)\s*(?:\.|\[\s*['"])\s*(?:id|full|reason|last_sync|sync_version|sync_commit|status)\b/;

/** Control characters are shown by their names, so that one command is one line. */
const quoted = (word: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(word)) return JSON.stringify(word);
  return /^[\w@%+=:,./?•-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
};

/** A script is no template: nothing in it is filled in. */
const shellWords = (script: string): readonly string[] => ['sh', '-c', script];

/** Throws `expression-invalid`, and `target-invalid` for a program whose name comes out empty. */
export const commandOf = async (context: StepContext, options: RunOptions): Promise<Command> => {
  const { fill, project, main } = context;
  const { show = fill, secrets = [] } = context.values ?? {};
  const { argv: templates = [], script } = options;
  const argv = script === undefined ? templates.map(fill) : shellWords(script);
  if ((argv[0] ?? '') === '') {
    throw new LockstepError('target-invalid', `the program ${templates[0] ?? ''} comes out empty for this target`, {
      hint: 'look at what the template reads: lockstep target show says what the target has',
    });
  }
  // Only words as they are written: what a template becomes was seen by nobody who trusted the command.
  const named = await namedFiles(main, script === undefined ? templates : []);
  const along = named.size === 0 ? [] : await filesAlong(main, named.values());
  const env = Object.fromEntries(Object.entries(context.env ?? {}).map(([name, value]) => [name, fill(value)]));
  // What is not known yet, and what passes, counts as it is written.
  const counted = (template: string): string =>
    passing.test(template) || /\bsteps\b/.test(template) ? `template ${template}` : `text ${fill(template)}`;
  const digest = sha256(
    JSON.stringify([
      'lockstep run 1',
      script === undefined ? templates.map(counted) : shellWords(script),
      Object.entries(context.env ?? {})
        .map(([name, value]) => [name, counted(value)])
        .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
      along.map(({ path, mode, blob }) => [path, mode, blob]),
    ]),
  );
  const masked = (text: string): string => maskText(text, project.secrets, secrets);
  return {
    argv,
    env,
    named,
    along,
    digest,
    shown: masked((script === undefined ? templates.map(show) : argv).map(quoted).join(' ')),
    shownEnv: Object.entries(context.env ?? {}).map(([name, value]) =>
      isSecret([name], project.secrets) ? `${name}=${mask}` : masked(`${name}=${quoted(show(value))}`),
    ),
  };
};
