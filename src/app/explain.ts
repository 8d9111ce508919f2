/** Explains a target, one of its files or one of its configuration keys: the chain from rule to hash to decision. Reads only. */
import { isAbsolute } from 'node:path';
import type { KeyPath } from '../domain/config-value.ts';
import { forTarget, LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import { type RootedPath, rootOf, toAbsolute, toRooted } from '../domain/paths.ts';
import type { TargetRecord } from '../domain/target.ts';
import { componentFiles } from '../integrations/component-files.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import { recordedRuns } from '../store/runs/read.ts';
import { targetNamed } from './choose-targets.ts';
import { type ConfigSide, configSides, keysIn, keyText } from './explain/config-sides.ts';
import {
  type Claims,
  claimsOf,
  explainFile,
  explainForeign,
  explainNotSynced,
  type FileExplanation,
  type NotSynced,
} from './explain/file.ts';
import { type ConfigExplanation, explainConfig } from './explain/key.ts';
import { explainComponents, type TargetExplanation } from './explain/target.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { type Prepared, prepareLook } from './prepare.ts';
import { status } from './status.ts';

export interface ExplainRequest {
  readonly target: string;
  /** A path in the target or in main, a configuration key, or `<file>:<key>`; null for the target as a whole. */
  readonly word: string | null;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export type Explanation = TargetExplanation | FileExplanation | NotSynced | ConfigExplanation;

type Ready = Pick<Prepared, 'context' | 'pipeline'>;

interface Known {
  readonly ready: Ready;
  readonly context: TargetContext;
  readonly claims: Claims;
  /** Configuration files; what keeps them from being read instead. */
  readonly sides: readonly ConfigSide[];
  readonly trouble: LockstepError | null;
}

const knownOf = async (ready: Ready): Promise<Known> => {
  const { context } = ready;
  const { components } = await componentFiles(context);
  const claims = claimsOf(context, components);
  try {
    return { ready, context, claims, sides: await configSides(context), trouble: null };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { ready, context, claims, sides: [], trouble: error };
  }
};

/** A word as a path of the target; undefined when it leads out of it. */
const rootedOf = ({ layout }: TargetContext, word: string): RootedPath | undefined => {
  const { roots } = layout;
  if (isAbsolute(word)) return rootOf(roots, word) === undefined ? undefined : toRooted(roots, word);
  try {
    return toRooted(roots, toAbsolute(roots, word.replace(/^\.\//, '').replace(/\/+$/, '')));
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return undefined;
  }
};

const several = (word: string, meant: readonly string[]): LockstepError =>
  new LockstepError('usage', `${word} means ${meant.length} things`, {
    details: meant.slice(0, 10),
    hint: 'name one of them whole',
  });

interface KeyFound {
  readonly side: ConfigSide;
  readonly key: KeyPath;
}

/** Keys, and tables of keys, that a dotted word names. */
const keysNamed = (sides: readonly ConfigSide[], word: string): readonly KeyFound[] =>
  sides.flatMap((side) => {
    const prefixes = new Map<string, KeyPath>();
    for (const key of keysIn(side)) {
      for (let length = 1; length <= key.length; length += 1) {
        const start = key.slice(0, length);
        if (keyText(start) === word || start.join('.') === word) prefixes.set(JSON.stringify(start), start);
      }
    }
    return [...prefixes.values()].map((key) => ({ side, key }));
  });

const explainKeys = async (
  main: MainProject,
  { ready, context, sides, trouble }: Known,
  word: string,
): Promise<ConfigExplanation | undefined> => {
  const cut = [...word.matchAll(/:/g)]
    .map(({ index }) => index)
    .find((at) => sides.some(({ site }) => site.path === word.slice(0, at)));
  const among = cut === undefined ? sides : sides.filter(({ site }) => site.path === word.slice(0, cut));
  const wanted = cut === undefined ? word : word.slice(cut + 1);
  const found = keysNamed(among, wanted);
  if (found.length > 1)
    throw several(
      word,
      found.map(({ side, key }) => `${side.site.path}:${keyText(key)}`),
    );
  const [only] = found;
  if (only !== undefined) return explainConfig(main, ready, { side: only.side, asked: only.key });
  if (cut === undefined) {
    // A file that cannot be read may hold the key.
    if (
      trouble !== null &&
      context.project.config.some(({ from, into }) =>
        [from, into].some((one) => typeof one === 'string' && word.startsWith(one)),
      )
    )
      throw trouble;
    return undefined;
  }
  const near = nearestName(wanted, among.flatMap(keysIn).map(keyText));
  throw new LockstepError('unknown-name', `${word.slice(0, cut)} has no key ${wanted}, and main has none there`, {
    hint: near === undefined ? `lockstep config diff ${context.target.name}` : `did you mean ${near}?`,
  });
};

/** The path that a word means among those that Lockstep knows of: in the target, in main, or the end of one of them. */
const pathNamed = ({ context, claims }: Known, word: string): RootedPath | undefined => {
  const rooted = rootedOf(context, word);
  const known = new Set([...claims.wanted.keys(), ...claims.recorded.keys()]);
  if (rooted !== undefined && known.has(rooted)) return rooted;
  const fromMain = [...claims.wanted].filter(([, { file }]) => file.mainPath === word).map(([path]) => path);
  const meant = fromMain.length > 0 ? fromMain : [...known].filter((path) => path.endsWith(`/${word}`));
  if (meant.length > 1) throw several(word, meant);
  return meant[0];
};

const unknown = ({ context, claims, sides, trouble }: Known, word: string): LockstepError => {
  const paths = [
    ...claims.wanted.keys(),
    ...claims.recorded.keys(),
    ...[...claims.wanted.values()].map(({ file }) => file.mainPath),
    ...sides.map(({ site }) => site.path),
  ];
  const keys = sides.flatMap((side) => keysIn(side).map(keyText));
  const near = nearestName(word, new Set([...keys, ...paths]));
  return new LockstepError(
    'unknown-name',
    `${context.target.name} has no file and no configuration key ${word}, and neither has main`,
    {
      hint:
        near === undefined
          ? `lockstep sync explain ${context.target.name} shows its components`
          : `did you mean ${near}?`,
      ...(trouble === null ? {} : { details: [`its configuration could not be looked at: ${trouble.message}`] }),
    },
  );
};

const explainWord = async (main: MainProject, ready: Ready, word: string): Promise<Explanation> => {
  const { context } = ready;
  const known = await knownOf(ready);
  const { claims, sides, trouble } = known;
  const rooted = rootedOf(context, word);
  const side = sides.find(({ site }) => site.path === rooted || site.spec.from === word);
  if (side !== undefined) return explainConfig(main, ready, { side, asked: null });
  const path = pathNamed(known, word);
  if (path !== undefined) return explainFile(main, ready, { claims, path });
  const keys = await explainKeys(main, known, word);
  if (keys !== undefined) return keys;
  const [entry] = (await context.main.under(word)).filter((one) => one.path === word);
  if (entry !== undefined && !context.project.config.some(({ from }) => from === word))
    return explainNotSynced(context, { path: entry.path, blob: entry.blob, claims });
  if (trouble !== null && entry !== undefined) throw trouble;
  const stands =
    rooted !== undefined && context.ports.files.state(toAbsolute(context.layout.roots, rooted)).kind !== 'absent';
  if (stands) return explainForeign(context, rooted);
  throw unknown(known, word);
};

/** What keeps from looking at a target's components is its status already. */
const readyFor = async (
  main: MainProject,
  record: TargetRecord,
  { signal, env }: ExplainRequest,
): Promise<Ready | undefined> => {
  try {
    const commit = await commitOf(main.repo, 'HEAD');
    return await prepareLook(main, { record, commit, purpose: 'explain', signal, env });
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    return undefined;
  }
};

const explainTarget = async (
  main: MainProject,
  record: TargetRecord,
  request: ExplainRequest,
): Promise<TargetExplanation> => {
  const { signal, env } = request;
  const { name, path, type } = record;
  const [seen] = await status(main, { targets: { names: [name] }, signal, env });
  const ready = await readyFor(main, record, request);
  const receipt = ready?.context.receipt;
  return {
    kind: 'target',
    target: name,
    path,
    type,
    status: seen?.status ?? 'unknown',
    cause: seen?.cause ?? '',
    synced:
      receipt === undefined
        ? null
        : {
            commit: receipt.commit,
            run: receipt.run,
            time: receipt.time,
            recorded: recordedRuns(main.ports, main.state).includes(receipt.run),
          },
    components:
      ready === undefined ? [] : await explainComponents(ready, (await componentFiles(ready.context)).components),
    decisions: receipt?.decisions.length ?? 0,
  };
};

/** Throws `unknown-target`, `unknown-name` with the nearest file or key, `usage` for a word that means several, and what looking at a target throws. */
export const explain = async (main: MainProject, request: ExplainRequest): Promise<Explanation> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  try {
    if (request.word === null) return await explainTarget(main, record, request);
    const commit = await commitOf(main.repo, 'HEAD');
    const { signal, env } = request;
    const ready = await prepareLook(main, { record, commit, purpose: 'explain', signal, env });
    return await explainWord(main, ready, request.word);
  } catch (error) {
    throw forTarget(error, record.name);
  }
};
