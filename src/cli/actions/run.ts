/** `sync run`, `sync plan`, `sync docs`, `sync plans` and `config sync`: one use case, told what the words ask for. */
import { resolve } from 'node:path';
import type { MainProject } from '../../app/main-project.ts';
import { readPlanFile } from '../../app/plan-file.ts';
import { failedBefore } from '../../app/retry-failed.ts';
import type { Part } from '../../app/sync.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { TargetRecord } from '../../domain/target.ts';
import type { Call } from '../call.ts';
import { commaList, componentsNamed, requiredChoice } from '../choice.ts';
import { counted } from '../render/times.ts';
import { drawSync, modeOf, type SyncOptions } from './draw-sync.ts';
import { planPlace } from './write-plan.ts';

export interface PlanOptions {
  readonly target?: readonly string[];
  readonly allTargets?: boolean;
  readonly exitCode?: boolean;
  readonly full?: boolean;
  readonly reason?: string;
  readonly only?: string;
  readonly skip?: string;
  readonly jobs?: string;
  /** The file that the plans are written to. */
  readonly out?: string;
}

export interface RunOptions extends Omit<PlanOptions, 'out'> {
  readonly dryRun?: boolean;
  /** The plan file that the run is held to. */
  readonly plan?: string;
  /** True for the newest run. */
  readonly retryFailed?: string | true;
  /** Brings a commit that is in quarantine, too. */
  readonly force?: boolean;
}

export interface DocumentOptions {
  readonly complete?: boolean;
  readonly categories: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export interface ConfigSyncOptions {
  readonly merge?: boolean;
  readonly complete?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

const addHint = 'lockstep target add <name> --path <folder>';

/** More at a time only makes each of them slower. */
const mostJobs = 64;

const jobsOf = (text: string): number => {
  const jobs = Number(text);
  if (/^\d+$/.test(text) && jobs >= 1 && jobs <= mostJobs) return jobs;
  throw new LockstepError('usage', `--jobs must be a whole number from 1 to ${mostJobs}, not ${text}`, {
    hint: '--jobs 4 works on four targets at a time',
  });
};

type Worded = Omit<PlanOptions, 'out'> & Pick<RunOptions, 'dryRun' | 'force'>;

const syncOptions = ({ only, skip, jobs, full, reason, dryRun, exitCode, force }: Worded): SyncOptions => ({
  ...(full === undefined ? {} : { full }),
  ...(reason === undefined ? {} : { reason }),
  ...(dryRun === undefined ? {} : { dryRun }),
  ...(force === undefined ? {} : { force }),
  ...(exitCode === undefined ? {} : { exitCode }),
  ...(only === undefined ? {} : { only: commaList(only, '--only') }),
  ...(skip === undefined ? {} : { skip: commaList(skip, '--skip') }),
  ...(jobs === undefined ? {} : { jobs: jobsOf(jobs) }),
});

/** Why `--all-targets` means none; undefined when it means some. */
const noneToSync = (registered: readonly TargetRecord[]): string | undefined => {
  if (registered.length === 0) return `no target is registered yet: nothing to sync (${addHint})`;
  if (registered.some((target) => target.hold !== true)) return undefined;
  const one = registered[0]?.name ?? '';
  return `every registered target is on hold: nothing to sync (lockstep target update ${one} --no-hold)`;
};

interface Chosen {
  readonly names: readonly string[];
  readonly all: boolean;
  readonly command: 'sync run' | 'sync plan';
  readonly options: SyncOptions;
  readonly out?: string;
}

/** No target named is a usage error; `--all-targets` without any registered is said and no failure. */
const syncChosen = async (call: Call, { names, all, command, options, out }: Chosen): Promise<number> => {
  const main = await call.main(modeOf(options));
  const registered = main.registry.read().targets;
  if (registered.length === 0 && names.length === 0 && !all) {
    throw new LockstepError('usage', 'no target is named, and none is registered yet', { hint: addHint });
  }
  const targets = requiredChoice({ names, all, allFlag: '--all-targets', command: `${command} --target` });
  const none = targets === 'all' ? noneToSync(registered) : undefined;
  if (none !== undefined && !call.json) {
    call.world.terminal.out(none);
    return 0;
  }
  const place = out === undefined ? {} : { out: await planPlace(call, main, out) };
  return drawSync(call, main, {
    targets,
    options,
    part: null,
    ...place,
    command: (some) => `sync run --target ${some.join(' ')}`,
  });
};

/** Throws `usage` naming every option that another one decides already. */
const refuseBeside = (option: string, others: Readonly<Record<string, boolean>>): void => {
  const given = Object.entries(others).flatMap(([name, there]) => (there ? [name] : []));
  if (given.length === 0) return;
  throw new LockstepError('usage', `${option} says already what is synced: ${given.join(', ')} cannot be given too`, {
    hint: `leave out ${given.join(', ')}, or ${option}`,
  });
};

const choices = (names: readonly string[], options: RunOptions): Readonly<Record<string, boolean>> => ({
  'names of targets': names.length > 0,
  '--all-targets': options.allTargets === true,
  '--full': options.full === true,
  '--reason': options.reason !== undefined,
  '--only': options.only !== undefined,
  '--skip': options.skip !== undefined,
});

const syncPlanFile = async (call: Call, name: string, options: SyncOptions): Promise<number> => {
  const main = await call.main(modeOf(options));
  const plan = readPlanFile(main.ports.files, { path: resolve(call.dir, name), name });
  const { full, reason, only, skip } = plan.request;
  const asked: SyncOptions = {
    ...options,
    ...(full ? { full } : {}),
    ...(reason === null ? {} : { reason }),
    ...(only === null ? {} : { only }),
    skip,
  };
  return drawSync(call, main, {
    targets: { names: plan.targets.map(({ target }) => target) },
    options: asked,
    part: null,
    plan,
    // The plan of a target that failed does not hold any more: it is asked for anew.
    command: (names) => `sync run --target ${names.join(' ')}`,
  });
};

/** The command that a part of the pipelines has by itself. */
const partCommand = ({ uses, components }: Part, [name = '<target>']: readonly string[]): string =>
  uses.includes('merge-config')
    ? `config sync ${name} --merge`
    : `sync docs ${name} --categories ${components.join(',')}`;

const sayNothingFailed = (
  call: Call,
  { run, gone }: { readonly run: string; readonly gone: readonly string[] },
): number => {
  const left = gone.length === 0 ? '' : `; not registered any more: ${gone.join(', ')}`;
  call.answer({ kind: 'retry', run, targets: [], gone }, [
    gone.length === 0
      ? `every target of run ${run} succeeded: nothing to run again`
      : `nothing of run ${run} can be run again${left}`,
  ]);
  return 0;
};

const syncFailed = async (call: Call, word: string | undefined, options: SyncOptions): Promise<number> => {
  const main: MainProject = await call.main(modeOf(options));
  const retry = failedBefore(main, word);
  if (retry.targets.length === 0) return sayNothingFailed(call, retry);
  const { full, complete, only, skip, part } = retry.options;
  if (!call.json) {
    const gone = retry.gone.length === 0 ? '' : ` (not registered any more: ${retry.gone.join(', ')})`;
    call.world.terminal.out(
      `${counted(retry.targets.length, 'target')} of run ${retry.run} again: ${retry.targets.join(', ')}${gone}`,
    );
  }
  return drawSync(call, main, {
    targets: { names: retry.targets },
    options: {
      ...options,
      ...(full ? { full } : {}),
      ...(complete ? { complete } : {}),
      ...(retry.reason === null ? {} : { reason: retry.reason }),
      ...(only === null ? {} : { only }),
      skip,
    },
    part,
    command: (names) => (part === null ? `sync run --target ${names.join(' ')}` : partCommand(part, names)),
  });
};

/** `sync run`. Throws `usage` for words that contradict each other. */
export const runSync = async (call: Call, names: readonly string[], options: RunOptions): Promise<number> => {
  if (options.exitCode === true && options.dryRun !== true) {
    throw new LockstepError('usage', '--exit-code asks whether there is something to sync, which a run then does', {
      hint: 'add --dry-run, or leave --exit-code out',
    });
  }
  const wanted = [...names, ...(options.target ?? [])];
  const asked = syncOptions(options);
  if (options.plan !== undefined) {
    refuseBeside('--plan', { ...choices(wanted, options), '--retry-failed': options.retryFailed !== undefined });
    return syncPlanFile(call, options.plan, asked);
  }
  if (options.retryFailed !== undefined) {
    refuseBeside('--retry-failed', choices(wanted, options));
    return syncFailed(call, options.retryFailed === true ? undefined : options.retryFailed, asked);
  }
  return syncChosen(call, {
    names: wanted,
    all: options.allTargets === true,
    command: 'sync run',
    options: asked,
  });
};

/** `sync plan`: what `sync run --dry-run` does, and a file of it where one is asked for. */
export const runPlan = (call: Call, names: readonly string[], options: PlanOptions): Promise<number> =>
  syncChosen(call, {
    names: [...names, ...(options.target ?? [])],
    all: options.allTargets === true,
    command: 'sync plan',
    options: { ...syncOptions(options), dryRun: true },
    ...(options.out === undefined ? {} : { out: options.out }),
  });

/** Copies some components alone, after a backup, and checks the documents. Throws `usage` for a component that there is not. */
export const runDocuments = async (call: Call, target: string, options: DocumentOptions): Promise<number> => {
  const main = await call.main(modeOf(options));
  const known = main.project.components.map((component) => component.name);
  const part: Part = {
    uses: ['backup', 'copy', 'verify'],
    components: componentsNamed(commaList(options.categories, '--categories'), known),
    suites: ['docs'],
  };
  const command = ([name]: readonly string[]): string => `sync docs ${name} --categories ${options.categories}`;
  return drawSync(call, main, { targets: { names: [target] }, options, part, command });
};

export const runConfigSync = async (call: Call, target: string, options: ConfigSyncOptions): Promise<number> => {
  const main = await call.main(modeOf(options));
  const part: Part = { uses: ['backup', 'merge-config'], components: ['config'], suites: [] };
  const command = ([name]: readonly string[]): string => `config sync ${name} --merge`;
  return drawSync(call, main, { targets: { names: [target] }, options, part, command });
};
