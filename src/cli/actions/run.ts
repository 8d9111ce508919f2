/** `sync run`, `sync docs`, `sync plans` and `config sync`: one use case, drawn by the face that fits. */
import type { TargetChoice } from '../../app/choose-targets.ts';
import type { MainProject } from '../../app/main-project.ts';
import { type Part, type SyncReport, sync } from '../../app/sync.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { TargetRecord } from '../../domain/target.ts';
import type { Call } from '../call.ts';
import { commaList, componentsNamed, requiredChoice } from '../choice.ts';
import { chooseFace } from '../render/choose-face.ts';
import { stamp } from '../stamp.ts';
import { somethingToSync } from '../verdict.ts';

export interface RunOptions {
  readonly target?: readonly string[];
  readonly allTargets?: boolean;
  readonly dryRun?: boolean;
  readonly exitCode?: boolean;
  readonly full?: boolean;
  readonly reason?: string;
}

export interface DocumentOptions {
  readonly complete?: boolean;
  readonly categories: string;
  readonly dryRun?: boolean;
}

export interface ConfigSyncOptions {
  readonly merge?: boolean;
  readonly complete?: boolean;
  readonly dryRun?: boolean;
}

interface Wanted {
  readonly targets: TargetChoice;
  readonly options: Pick<RunOptions, 'full' | 'reason' | 'dryRun' | 'exitCode'> &
    Pick<Partial<DocumentOptions>, 'complete'>;
  readonly part: Part | null;
  /** The command for some targets, without its other options. */
  readonly command: (names: readonly string[]) => string;
}

/** What was asked for, as words to type; a reason with anything but plain words in it is quoted for a shell. */
const optionWords = ({ full, reason, dryRun, exitCode, complete }: Wanted['options']): readonly string[] => [
  ...(full === true ? ['--full'] : []),
  ...(complete === true ? ['--complete'] : []),
  ...(reason === undefined
    ? []
    : ['--reason', /^[\w.:-]+$/.test(reason) ? reason : `'${reason.replaceAll("'", "'\\''")}'`]),
  ...(dryRun === true ? ['--dry-run'] : []),
  ...(exitCode === true ? ['--exit-code'] : []),
];

const addHint = 'lockstep target add <name> --path <folder>';

const modeOf = (options: { readonly dryRun?: boolean }): 'real' | 'dry-run' =>
  options.dryRun === true ? 'dry-run' : 'real';

type End = Pick<SyncReport, 'results' | 'exit'>;

/** The verdict of the run, and 3 for a dry run without failures that was asked whether there is something to sync. */
const exitOf = ({ results, exit }: End, options: Wanted['options']): number =>
  options.exitCode === true && exit === 0 && results.some(({ outcome }) => outcome === 'planned')
    ? somethingToSync
    : exit;

const draw = async (call: Call, main: MainProject, { targets, options, part, command }: Wanted): Promise<number> => {
  const { world } = call;
  const mode = modeOf(options);
  const again = (names: readonly string[]): string => ['lockstep', command(names), ...optionWords(options)].join(' ');
  const face = await chooseFace(world.terminal, { json: call.json, dryRun: mode === 'dry-run', again });
  const whole = stamp(main.ports.clock);
  try {
    const report = await sync(main, {
      targets,
      mode,
      full: options.full === true,
      reason: options.reason ?? null,
      part,
      complete: options.complete === true,
      emit: (event) =>
        face.draw(whole(event.kind === 'run.finished' ? { ...event, exit: exitOf(event, options) } : event)),
      signal: world.signal,
      env: world.env,
    });
    return exitOf(report, options);
  } finally {
    // Also when something was thrown: what is said of it would be drawn over by a tree that still redraws.
    await face.end();
  }
};

/** Why `--all-targets` means none; undefined when it means some. */
const noneToSync = (registered: readonly TargetRecord[]): string | undefined => {
  if (registered.length === 0) return `no target is registered yet: nothing to sync (${addHint})`;
  if (registered.some((target) => target.hold !== true)) return undefined;
  const one = registered[0]?.name ?? '';
  return `every registered target is on hold: nothing to sync (lockstep target update ${one} --no-hold)`;
};

/** No target named is a usage error; `--all-targets` without any registered is said and no failure. */
export const runSync = async (call: Call, names: readonly string[], options: RunOptions): Promise<number> => {
  if (options.exitCode === true && options.dryRun !== true) {
    throw new LockstepError('usage', '--exit-code asks whether there is something to sync, which a run then does', {
      hint: 'add --dry-run, or leave --exit-code out',
    });
  }
  const main = await call.main(modeOf(options));
  const registered = main.registry.read().targets;
  const wanted = [...names, ...(options.target ?? [])];
  if (registered.length === 0 && wanted.length === 0 && options.allTargets !== true) {
    throw new LockstepError('usage', 'no target is named, and none is registered yet', { hint: addHint });
  }
  const targets = requiredChoice({
    names: wanted,
    all: options.allTargets === true,
    allFlag: '--all-targets',
    command: 'sync run --target',
  });
  const none = targets === 'all' ? noneToSync(registered) : undefined;
  if (none !== undefined && !call.json) {
    call.world.terminal.out(none);
    return 0;
  }
  const command = (targetNames: readonly string[]): string => `sync run --target ${targetNames.join(' ')}`;
  return draw(call, main, { targets, options, part: null, command });
};

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
  return draw(call, main, { targets: { names: [target] }, options, part, command });
};

export const runConfigSync = async (call: Call, target: string, options: ConfigSyncOptions): Promise<number> => {
  const main = await call.main(modeOf(options));
  const part: Part = { uses: ['backup', 'merge-config'], components: ['config'], suites: [] };
  const command = ([name]: readonly string[]): string => `config sync ${name} --merge`;
  return draw(call, main, { targets: { names: [target] }, options, part, command });
};
