/** Brings together what a person wants of a new main project: what they typed, what they answer, or what was found. */
import { isAbsolute } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { cleanRelative } from '../../domain/paths.ts';
import type { Prompts } from '../../ports.ts';
import type { FoundPackage, Survey } from './survey.ts';

export interface Setup {
  /** As pip knows it. */
  readonly name: string;
  /** As Python imports it. */
  readonly module: string;
  /** The folder with pyproject.toml; null when the package comes from an index, or there is none. */
  readonly folder: string | null;
  readonly docs: readonly string[];
  readonly config: readonly string[];
}

export interface Wishes {
  readonly setup: Setup;
  /** Folders to register. */
  readonly targets: readonly string[];
  readonly hooks: boolean;
}

/** What was typed; what is left out is asked. */
export interface TypedWishes {
  readonly name?: string;
  readonly import?: string;
  readonly package?: string;
  readonly docs?: readonly string[];
  readonly config?: readonly string[];
  readonly target?: readonly string[];
  readonly hooks?: boolean;
}

export interface Asking {
  readonly typed: TypedWishes;
  /** `found`: nobody is asked, what was found is taken. undefined: nobody can be asked. */
  readonly answers: Prompts | 'found' | undefined;
}

export interface Ground {
  readonly seen: Survey;
  /** Whether something stands at a path of the project. */
  readonly there: (path: string) => boolean;
  /** The package's name where nothing tells it. */
  readonly fallback: string;
}

const nobody = (flag: string): LockstepError =>
  new LockstepError('usage', `nobody can be asked here, and ${flag} was not given`, {
    hint: 'lockstep init --yes takes what was found for every question; lockstep init --dry-run --yes shows it',
  });

const asker = ({ answers }: Asking) => ({
  text: async (flag: string, message: string, initial: string): Promise<string> => {
    if (answers === undefined) throw nobody(flag);
    return answers === 'found' ? initial : (await answers.text({ message, initial })).trim();
  },
  choose: async (
    flag: string,
    message: string,
    of: { readonly options: readonly string[]; readonly initial: readonly string[] },
  ): Promise<readonly string[]> => {
    if (of.options.length === 0) return [];
    if (answers === undefined) throw nobody(flag);
    return answers === 'found' ? of.initial : answers.choose({ message, ...of });
  },
  confirm: async (flag: string, message: string): Promise<boolean> => {
    if (answers === undefined) throw nobody(flag);
    return answers === 'found' ? true : answers.confirm({ message, initial: 'yes' });
  },
});

/** As the configuration writes it. Throws `usage` for what is not in the project, before anything is written. */
const placed = ({ there }: Ground, flag: string, path: string): string => {
  // What leads out of the project is no place in it, also where something stands there.
  if (!isAbsolute(path) && !path.split('/').includes('..')) {
    const clean = cleanRelative(path) || '.';
    if (there(clean)) return clean;
  }
  throw new LockstepError('usage', `${flag}: ${path} is not in the project`, {
    hint: 'name it as it lies below the root of the project',
  });
};

/** The folder, null for none. Throws `usage` for one that holds no package. */
const packageFolder = (ground: Ground, typed: string): string | null => {
  if (typed.trim() === '') return null;
  const folder = placed(ground, '--package', typed);
  if (ground.seen.packages.some((one) => one.folder === folder)) return folder;
  throw new LockstepError('usage', `${folder} holds no package: neither a pyproject.toml of one nor a setup.py`, {
    hint: "--package '' when the package comes from an index, or when there is none",
  });
};

/** The questions about what is written in the configuration. Throws `usage` when nobody can answer, `interrupted`. */
export const askSetup = async (ground: Ground, asking: Asking): Promise<Setup> => {
  const { typed } = asking;
  const { seen } = ground;
  const ask = asker(asking);
  const [first] = seen.packages;
  const folder = packageFolder(
    ground,
    typed.package ??
      (await ask.text('--package', 'Folder of the package (empty: it comes from an index)', first?.folder ?? '')),
  );
  const known: FoundPackage | undefined = seen.packages.find((one) => one.folder === folder);
  const name =
    typed.name ?? (await ask.text('--name', 'Name of the package, as pip knows it', known?.name ?? ground.fallback));
  const module = name === known?.name ? known.module : name.toLowerCase().replaceAll(/[-.]+/g, '_');
  return {
    name,
    module: typed.import ?? (await ask.text('--import', 'Name that Python imports', module)),
    folder,
    docs:
      typed.docs?.map((path) => placed(ground, '--docs', path)) ??
      (await ask.choose('--docs', 'Folders of documents to bring along', { options: seen.docs, initial: seen.docs })),
    config:
      typed.config?.map((path) => placed(ground, '--config', path)) ??
      (await ask.choose('--config', 'Configuration files to merge key by key', {
        options: seen.config,
        initial: seen.config,
      })),
  };
};

/** What was found beside the project may be anything: nothing is registered that nobody named. */
export const askTargets = async (found: readonly string[], asking: Asking): Promise<readonly string[]> =>
  asking.typed.target ??
  (await asker(asking).choose('--target', 'Targets to register', { options: found, initial: [] }));

export const askHooks = async (asking: Asking): Promise<boolean> =>
  asking.typed.hooks ?? (await asker(asking).confirm('--hooks or --no-hooks', 'Install the git hooks?'));
