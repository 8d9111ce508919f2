/** Decides whether what a run would execute is trusted on this machine, and remembers what a person said. */

import { LockstepError } from '../../domain/errors.ts';
import { compareParts, type ExecutablePart, executableHash, type PartChange } from '../../domain/executable.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { stepKinds } from '../../steps/index.ts';
import { type MainTree, openMainTree } from '../../store/main-tree.ts';
import { openTrust, type TrustEntry, trustFolder } from '../../store/trust.ts';
import { commitOf, type MainProject } from '../main-project.ts';
import { executableParts } from './executable-parts.ts';

type Env = Readonly<Record<string, string>>;

export interface TrustView {
  /** Everything that a run of any target would execute, at one commit. */
  readonly parts: readonly ExecutablePart[];
  readonly hash: string;
  /** What was trusted last; undefined when nothing was. */
  readonly last: TrustEntry | undefined;
  /** What changed since; all of it when nothing was trusted. */
  readonly changes: readonly PartChange[];
  readonly trusted: boolean;
}

const storeFor = (main: MainProject, env: Env) => {
  const path = trustFolder(env);
  return path === undefined ? undefined : openTrust(main.ports, path);
};

/** Reads only. Throws `trust-unreadable`, `format-newer`, `object-missing`. */
export const viewTrust = async (main: MainProject, env: Env, given?: MainTree): Promise<TrustView> => {
  const tree = given ?? openMainTree(main.repo, await commitOf(main.repo, 'HEAD'));
  const parts = await executableParts(main, tree);
  const hash = executableHash(parts);
  const last = storeFor(main, env)?.find(main.project.root);
  return {
    parts,
    hash,
    last,
    changes: compareParts(last?.parts ?? [], parts),
    trusted: parts.length === 0 || last?.hash === hash || env.LOCKSTEP_TRUST === hash,
  };
};

/** Remembers the hash on this machine. Throws `usage` where there is no home to remember it in, `disk`. */
export const keepTrust = (main: MainProject, env: Env, { hash, parts }: Pick<TrustView, 'hash' | 'parts'>): void => {
  const store = storeFor(main, env);
  if (store === undefined) {
    throw new LockstepError('usage', 'neither XDG_STATE_HOME nor HOME is set: there is no place to remember this in', {
      hint: `set one of them, or run with LOCKSTEP_TRUST=${hash}`,
    });
  }
  store.keep(main.project.root, { hash, parts, time: main.ports.clock.now().toISOString() });
};

/** What a terminal would act on, or draw where it does not stand, is spelled out: nothing that is trusted hides itself. */
const spelled = (line: string): string =>
  line.replace(/(?!\t)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);

/** `+ file setup.py` and below it the lines that came and went. */
export const changeLines = (changes: readonly PartChange[]): readonly string[] =>
  changes.flatMap(({ name, sign, lines }) => [
    spelled(`${sign} ${name}`),
    ...lines.map((line) => `    ${line.sign} ${spelled(line.text)}`),
  ]);

/** Shows a person what is new, and answers whether they trust it. */
export type TrustQuestion = (view: TrustView) => Promise<boolean>;

export interface TrustRequest {
  readonly env: Env;
  /** null: that of HEAD. */
  readonly tree: MainTree | null;
  /** Asks the person who sits there; null when nobody does. */
  readonly ask: TrustQuestion | null;
  /** Whether a yes is remembered; a dry run writes nothing. */
  readonly keep: boolean;
}

/** Throws `untrusted` with what is new since the last time, unless everything is trusted or the person agrees now. */
export const requireTrust = async (main: MainProject, { env, tree, ask, keep }: TrustRequest): Promise<void> => {
  const view = await viewTrust(main, env, tree ?? undefined);
  if (view.trusted) return;
  if (ask !== null && (await ask(view))) {
    if (keep) keepTrust(main, env, view);
    return;
  }
  const what = view.last === undefined ? 'is not trusted on this machine yet' : 'changed since it was trusted';
  throw new LockstepError('untrusted', `what a run would execute here ${what}`, {
    details: changeLines(view.changes),
    hint: `look at it and trust it: lockstep trust (in CI: LOCKSTEP_TRUST=${view.hash})`,
  });
};

/** Whether a pipeline starts code that a pulled commit can bring. Throws `unknown-name` for a suite that there is not. */
export const executesCode = ({ project }: MainProject, { steps, onFailure, always }: Pipeline): boolean =>
  [...steps, ...onFailure, ...always].some(({ uses, with: options }) =>
    stepKinds.find(({ name }) => name === uses)?.executes?.(project, options),
  );
