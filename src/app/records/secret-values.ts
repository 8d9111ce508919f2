/** The secrets that a target's programs could print: values in its configuration files and in the environment. Reads only. */
import { resolve } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { type RootedPath, toAbsolute } from '../../domain/paths.ts';
import { isSecret, secretTexts } from '../../domain/secrets.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { formatOf } from '../../formats/index.ts';
import { targetPath } from '../layouts.ts';
import type { MainProject } from '../main-project.ts';
import { receiptOf } from '../synced-state.ts';

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

/** Folders, whose names look like those of passwords. */
const folders: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);

/** Secrets in the environment, by the names of the variables. */
const inEnvironment = ({ main, env }: SecretSources): readonly string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    isSecret([name], main.project.secrets) && !folders.has(name) ? [value] : [],
  );

/** Secrets of one configuration file, as it stands on the disk. */
const inFile = ({ main }: SecretSources, absolute: string): readonly string[] =>
  orNone(() => {
    const { files } = main.ports;
    if (files.stat(absolute)?.kind !== 'file') return [];
    return secretTexts(formatOf(absolute).parse(files.readText(absolute)), main.project.secrets);
  });

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
  // From the work tree: what main is about to say is no less secret than what it said.
  const inMain = project.config.flatMap(({ from }) => inFile(sources, resolve(project.root, from)));
  const always = [...inEnvironment(sources), ...inMain];
  if (record === undefined || target === undefined) return always;
  const recorded = orNone(() => Object.keys(receiptOf(sources.main, record)?.config ?? {}));
  const inFiles = [...new Set([...recorded, ...planned])].flatMap((path) =>
    orNone(() => inFile(sources, toAbsolute({ target }, path))),
  );
  return [...always, ...inFiles];
};
