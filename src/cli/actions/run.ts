/** `sync run`, `sync docs`, `sync plans` and `config sync`: one use case, drawn by the face that fits. */
import type { TargetChoice } from '../../app/choose-targets.ts';
import type { MainProject } from '../../app/main-project.ts';
import { type Part, sync } from '../../app/sync.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Call } from '../call.ts';
import { commaList, componentsNamed, requiredChoice } from '../choice.ts';
import { chooseFace } from '../render/choose-face.ts';
import { stamp } from '../stamp.ts';

export interface RunOptions {
  readonly target?: readonly string[];
  readonly allTargets?: boolean;
  readonly dryRun?: boolean;
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
  readonly dryRun?: boolean;
}

interface Wanted {
  readonly targets: TargetChoice;
  readonly options: Pick<RunOptions, 'full' | 'reason' | 'dryRun'> & Pick<Partial<DocumentOptions>, 'complete'>;
  readonly part: Part | null;
}

const modeOf = (options: { readonly dryRun?: boolean }): 'real' | 'dry-run' =>
  options.dryRun === true ? 'dry-run' : 'real';

const draw = async (call: Call, main: MainProject, { targets, options, part }: Wanted): Promise<number> => {
  const { world } = call;
  const mode = modeOf(options);
  const face = await chooseFace(world.terminal, { json: call.json, dryRun: mode === 'dry-run' });
  const whole = stamp(main.ports.clock);
  const report = await sync(main, {
    targets,
    mode,
    full: options.full === true,
    reason: options.reason ?? null,
    part,
    complete: options.complete === true,
    emit: (event) => face.draw(whole(event)),
    signal: world.signal,
    env: world.env,
  });
  await face.end();
  return report.exit;
};

/** No target named is a usage error; `--all-targets` without any registered is said and no failure. */
export const runSync = async (call: Call, names: readonly string[], options: RunOptions): Promise<number> => {
  const main = await call.main(modeOf(options));
  const registered = main.registry.read().targets;
  const wanted = [...names, ...(options.target ?? [])];
  const hint = 'lockstep target add <name> --path <folder>';
  if (registered.length === 0 && wanted.length === 0 && options.allTargets !== true) {
    throw new LockstepError('usage', 'no target is named, and none is registered yet', { hint });
  }
  const targets = requiredChoice({
    names: wanted,
    all: options.allTargets === true,
    allFlag: '--all-targets',
    command: 'sync run --target',
  });
  if (registered.length === 0 && targets === 'all' && !call.json) {
    call.world.terminal.out(`no target is registered yet: nothing to sync (${hint})`);
    return 0;
  }
  return draw(call, main, { targets, options, part: null });
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
  return draw(call, main, { targets: { names: [target] }, options, part });
};

export const runConfigSync = async (call: Call, target: string, options: ConfigSyncOptions): Promise<number> => {
  const main = await call.main(modeOf(options));
  const part: Part = { uses: ['backup', 'merge-config'], components: ['config'], suites: [] };
  return draw(call, main, { targets: { names: [target] }, options, part });
};
