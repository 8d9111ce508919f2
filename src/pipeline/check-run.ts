/** Checks what a `run` step says: a program and its arguments as a list, so that every value stays one argument. */
import type { YamlPath } from '../config/yaml-file.ts';
import { type Complaints, complain, isFull, problemsInside, type YamlMap } from './complaints.ts';
import type { OutputsScope } from './step-outputs.ts';
import { isTemplate, templateFaults } from './templates.ts';

/** Keys that belong to `run` alone. */
export const runKeys = ['run', 'shell', 'writes', 'outputs', 'idempotent'] as const;

interface At {
  readonly value: unknown;
  readonly path: YamlPath;
}

const nul = 'no program can be given a NUL character';

const argvOf = (
  to: Complaints,
  { value, path }: At & { readonly value: readonly unknown[] },
  scope?: OutputsScope,
): readonly string[] => {
  if (value.length === 0) complain(to, path, '`run` is empty: write the program and its arguments');
  return value.flatMap((word, index) => {
    const here = [...path, index];
    if (isFull(to)) return [];
    if (typeof word !== 'string') complain(to, here, 'an argument must be text: put it in quotes');
    else if (index === 0 && word.trim() === '') complain(to, here, 'the program has no name');
    else if (word.includes('\0')) complain(to, here, nul);
    else problemsInside(to, here, templateFaults(word, scope));
    return typeof word === 'string' ? [word] : [];
  });
};

/** What a shell is given is program text: a value put into it would be read as such. */
const scriptOf = (to: Complaints, { value, path }: At & { readonly value: string }): string => {
  if (value.trim() === '') complain(to, path, '`run` is empty: write what the shell is to do');
  else if (value.includes('\0')) complain(to, path, nul);
  else if (isTemplate(value))
    complain(to, path, 'a shell would read a value put in here as commands: give it by `env` and write "$NAME"');
  return value;
};

const commandOf = (to: Complaints, map: YamlMap, { path, scope }: RunPlace): YamlMap => {
  const { run, shell } = map;
  if (shell !== undefined && typeof shell !== 'boolean')
    complain(to, [...path, 'shell'], '`shell` must be true or false');
  if (Array.isArray(run)) {
    if (shell === true) complain(to, [...path, 'shell'], '`shell` is for a text: a list of arguments needs none');
    return { argv: argvOf(to, { value: run, path: [...path, 'run'] }, scope) };
  }
  if (typeof run !== 'string') {
    complain(to, [...path, 'run'], '`run` must be a list, the program first: [python3, scripts/link.py]');
    return {};
  }
  if (shell !== true)
    complain(
      to,
      [...path, 'run'],
      '`run` must be a list, the program first; a text is for a shell and needs `shell: true`',
    );
  return { script: scriptOf(to, { value: run, path: [...path, 'run'] }) };
};

/** Why a glob is none of the target's folder; undefined for one that is. */
const whyNoGlob = (glob: string): string | undefined => {
  if (isTemplate(glob)) return 'no `${{ }}` here: a value could hold a `*`';
  if (glob.includes('\\') || glob.includes('\0')) return 'a glob is written with forward slashes';
  if (/^[/~]|^[A-Za-z]:/.test(glob)) return "a glob is relative to the target's folder";
  if (glob.startsWith('!')) return 'a glob says what is written; what is not needs no word';
  const parts = glob.split('/');
  if (parts.includes('..')) return "`..` leads out of the target's folder";
  if (parts[0] === '.lockstep') return '.lockstep is where Lockstep itself writes';
  return undefined;
};

const writesOf = (to: Complaints, { value, path }: At): readonly string[] => {
  if (!Array.isArray(value)) {
    complain(to, path, '`writes` must be a list of globs relative to the target\'s folder, such as ["models/**"]');
    return [];
  }
  return value.flatMap((glob: unknown, index) => {
    const here = [...path, index];
    if (isFull(to)) return [];
    if (typeof glob !== 'string' || glob === '') {
      complain(to, here, 'a glob must be text');
      return [];
    }
    const why = whyNoGlob(glob);
    if (why !== undefined) complain(to, here, why);
    return [glob];
  });
};

interface RunPlace {
  readonly path: YamlPath;
  readonly scope: OutputsScope | undefined;
}

/** The options of the step kind `run` that a step's own keys mean. Problems are added to `to`. */
export const checkRun = (to: Complaints, map: YamlMap, place: RunPlace): YamlMap => {
  const { path } = place;
  const { writes, outputs, idempotent } = map;
  if (outputs !== undefined && outputs !== 'json')
    complain(to, [...path, 'outputs'], '`outputs` must be json: the program prints one JSON object');
  if (idempotent !== undefined && typeof idempotent !== 'boolean')
    complain(to, [...path, 'idempotent'], '`idempotent` must be true or false');
  return {
    ...commandOf(to, map, place),
    ...(writes === undefined ? {} : { writes: writesOf(to, { value: writes, path: [...path, 'writes'] }) }),
    ...(outputs === 'json' ? { outputs } : {}),
    ...(idempotent === true ? { idempotent } : {}),
  };
};

/** Refuses keys of `run` beside `uses`. */
export const refuseRunKeys = (to: Complaints, map: YamlMap, path: YamlPath): void => {
  for (const key of runKeys)
    if (key !== 'run' && map[key] !== undefined) complain(to, [...path, key], `\`${key}\` belongs to a \`run\``, 'key');
};
