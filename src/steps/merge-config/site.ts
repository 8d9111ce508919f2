/** Finds the file that a `config:` entry is merged into, and refuses places that Lockstep must not write. */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import picomatch from 'picomatch';
import { LockstepError } from '../../domain/errors.ts';
import type { FileState } from '../../domain/file-state.ts';
import { type RootedPath, toRooted } from '../../domain/paths.ts';
import type { ConfigSpec } from '../../domain/project.ts';
import type { Decision, ReceiptConfig } from '../../domain/receipt.ts';
import type { TargetContext } from '../../integrations/target-context.ts';

/** One configuration file in the making. */
export interface Site {
  readonly context: TargetContext;
  readonly spec: ConfigSpec;
  readonly path: RootedPath;
  readonly absolute: string;
  readonly before: FileState;
  readonly recorded: ReceiptConfig | undefined;
  readonly previous: readonly Decision[];
}

const refuseLink = (context: TargetContext, absolute: string): void => {
  let folder = dirname(absolute);
  while (context.ports.files.stat(folder) === undefined && dirname(folder) !== folder) folder = dirname(folder);
  const real = context.ports.files.real(folder);
  if (real === folder) return;
  throw new LockstepError(
    'path-refused',
    `refused to merge into ${absolute}: a symbolic link on the way leads to ${real}`,
  );
};

/** The place of one `config:` entry; undefined when it does not apply to the target's type. Throws `path-refused`. */
export const siteOf = (context: TargetContext, spec: ConfigSpec): Site | undefined => {
  const { layout, project, receipt } = context;
  const into = typeof spec.into === 'string' ? spec.into : spec.into[layout.type];
  if (into === undefined) return undefined;
  const absolute = resolve(layout.roots.target, context.fill(into));
  const path = toRooted(layout.roots, absolute);
  const guard = project.protect.find((glob) => picomatch.isMatch(path, glob, { dot: true }));
  if (guard !== undefined) {
    throw new LockstepError('path-refused', `${path} is the target's own place (protect: ${guard})`, {
      hint: `change "into" of ${spec.from} in sync.config.yaml`,
    });
  }
  refuseLink(context, absolute);
  return {
    context,
    spec,
    path,
    absolute,
    before: context.ports.files.state(absolute),
    recorded: receipt?.config[path],
    previous: (receipt?.decisions ?? []).filter((decision) => decision.path === path),
  };
};

/** The same in a dry run and in the run, and kept for as long as the receipt is. */
export const saltOf = ({ context, path, recorded }: Site): string =>
  recorded?.salt ??
  createHash('sha256')
    .update(JSON.stringify([context.project.id, context.target.name, path, context.run.commit]))
    .digest('hex')
    .slice(0, 32);
