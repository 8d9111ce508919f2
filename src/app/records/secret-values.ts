/** The secrets that a target's programs could print: values in its configuration files and in the environment. Reads only. */
import { isList, isTable, type KeyPath, type Value } from '../../domain/config-value.ts';
import { LockstepError } from '../../domain/errors.ts';
import { maskable } from '../../domain/mask-text.ts';
import { type RootedPath, toAbsolute } from '../../domain/paths.ts';
import { isSecret } from '../../domain/secrets.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { formatOf } from '../../formats/index.ts';
import { targetPath } from '../layouts.ts';
import type { MainProject } from '../main-project.ts';
import { receiptOf } from '../synced-state.ts';

const textsUnder = (value: Value, path: KeyPath, patterns: readonly string[]): readonly string[] => {
  if (isTable(value))
    return Object.entries(value).flatMap(([key, inner]) => textsUnder(inner, [...path, key], patterns));
  if (isList(value)) return value.flatMap((inner, i) => textsUnder(inner, [...path, i], patterns));
  return typeof value === 'string' && isSecret(path, patterns) ? [value] : [];
};

/** Expected trouble hides nothing: what is assigned to a secret name is masked all the same. */
const orNone = (read: () => readonly string[]): readonly string[] => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return [];
  }
};

export interface SecretSources {
  readonly main: MainProject;
  readonly env: Readonly<Record<string, string>>;
}

/** Secrets in the environment, by the names of the variables. */
const inEnvironment = ({ main, env }: SecretSources): readonly string[] =>
  Object.entries(env).flatMap(([name, value]) => (isSecret([name], main.project.secrets) ? [value] : []));

/**
 * Values to mask for one target, as they stand at this moment.
 * @param planned configuration files that the run's plan names, besides those of the receipt
 */
export const secretValues = (
  sources: SecretSources,
  record: TargetRecord | undefined,
  planned: Iterable<RootedPath>,
): readonly string[] => {
  const { ports, project } = sources.main;
  const { files } = ports;
  const target = record === undefined ? undefined : files.real(targetPath(sources.main, record));
  if (record === undefined || target === undefined) return maskable(inEnvironment(sources));
  const recorded = orNone(() => Object.keys(receiptOf(sources.main, record)?.config ?? {}));
  const inFiles = [...new Set([...recorded, ...planned])].flatMap((path) =>
    orNone(() => {
      const absolute = toAbsolute({ target }, path);
      if (files.stat(absolute)?.kind !== 'file') return [];
      return textsUnder(formatOf(path).parse(files.readText(absolute)), [], project.secrets);
    }),
  );
  return maskable([...inEnvironment(sources), ...inFiles]);
};
