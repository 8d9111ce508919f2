/** Runs one sync and draws it with the face that fits; answers with its exit code. */
import type { TargetChoice } from '../../app/choose-targets.ts';
import type { MainProject } from '../../app/main-project.ts';
import type { PlanFile } from '../../app/plan-file.ts';
import { type Part, type SyncReport, sync } from '../../app/sync.ts';
import type { Call } from '../call.ts';
import { chooseFace } from '../render/choose-face.ts';
import { stamp } from '../stamp.ts';
import { askTrust } from '../trust-question.ts';
import { somethingToSync } from '../verdict.ts';
import { type PlanPlace, writePlan } from './write-plan.ts';

export interface SyncOptions {
  readonly full?: boolean;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly exitCode?: boolean;
  readonly complete?: boolean;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly jobs?: number;
  /** Brings a commit that is in quarantine, too. */
  readonly force?: boolean;
}

export interface Wanted {
  readonly targets: TargetChoice;
  readonly options: SyncOptions;
  readonly part: Part | null;
  /** A plan that the run is held to. */
  readonly plan?: PlanFile;
  /** Where the plans of a dry run go. */
  readonly out?: PlanPlace;
  /** The command for some targets, without its other options. */
  readonly command: (names: readonly string[]) => string;
}

/** A word for a shell; one with anything but plain letters in it is quoted. */
export const shellWord = (word: string): string =>
  /^[\w.,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** What was asked for, as words to type. */
const optionWords = (options: SyncOptions): readonly string[] => {
  const { full, complete, reason, only, skip = [], jobs, dryRun, exitCode, force } = options;
  return [
    ...(full === true ? ['--full'] : []),
    ...(complete === true ? ['--complete'] : []),
    ...(reason === undefined ? [] : ['--reason', shellWord(reason)]),
    ...(only === undefined ? [] : ['--only', shellWord(only.join(','))]),
    ...(skip.length === 0 ? [] : ['--skip', shellWord(skip.join(','))]),
    ...(jobs === undefined ? [] : ['--jobs', String(jobs)]),
    ...(force === true ? ['--force'] : []),
    ...(dryRun === true ? ['--dry-run'] : []),
    ...(exitCode === true ? ['--exit-code'] : []),
  ];
};

export const modeOf = (options: { readonly dryRun?: boolean }): 'real' | 'dry-run' =>
  options.dryRun === true ? 'dry-run' : 'real';

/** The verdict of the run, and 3 for a dry run without failures that was asked whether there is something to sync. */
const exitOf = ({ results, exit }: Pick<SyncReport, 'results' | 'exit'>, options: SyncOptions): number =>
  options.exitCode === true && exit === 0 && results.some(({ outcome }) => outcome === 'planned')
    ? somethingToSync
    : exit;

const stepsOf = ({ only, skip = [] }: SyncOptions): object =>
  only === undefined && skip.length === 0 ? {} : { steps: { ...(only === undefined ? {} : { only }), skip } };

/** Throws what is wrong before anything starts. */
export const drawSync = async (call: Call, main: MainProject, wanted: Wanted): Promise<number> => {
  const { targets, options, part, plan, out, command } = wanted;
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
      ...stepsOf(options),
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      ...(plan === undefined ? {} : { plan }),
      by: options.force === true ? 'force' : 'hand',
      emit: (event) =>
        face.draw(whole(event.kind === 'run.finished' ? { ...event, exit: exitOf(event, options) } : event)),
      ...askTrust(call),
      signal: world.signal,
      env: world.env,
    });
    if (out !== undefined && report.plan !== null) {
      writePlan(await call.world.ports('real'), out, report.plan);
      const written = report.plan.targets.map(({ target }) => target);
      face.draw(whole({ kind: 'plan.written', file: out.name, targets: written }));
    }
    if (out !== undefined && report.plan === null) {
      const text = `nothing could be planned: ${out.name} is not written`;
      face.draw(whole({ kind: 'target.warning', target: 'main', text }));
    }
    return exitOf(report, options);
  } finally {
    // Also when something was thrown: what is said of it would be drawn over by a tree that still redraws.
    await face.end();
  }
};
