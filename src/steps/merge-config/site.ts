/** Finds the file that a `config:` entry is merged into, and what stands in its way; refuses places that Lockstep must not write. */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import picomatch from 'picomatch';
import { LockstepError } from '../../domain/errors.ts';
import { ownerOf } from '../../domain/file-compare.ts';
import { absent, type FileState } from '../../domain/file-state.ts';
import { type RootedPath, toRooted } from '../../domain/paths.ts';
import type { ConfigSpec } from '../../domain/project.ts';
import type { Decision, ReceiptConfig } from '../../domain/receipt.ts';
import type { TargetContext } from '../../integrations/target-context.ts';

/** What keeps a file from being merged into: the owner made it so, and it stays so. */
export interface Obstacle {
  /** For a person. */
  readonly cause: string;
  /** `line:column` in the file, where it is about one. */
  readonly place?: string;
  /** How a decision names what the owner has. */
  readonly owner: string;
}

/** One configuration file in the making. */
export interface Site {
  readonly context: TargetContext;
  readonly spec: ConfigSpec;
  readonly path: RootedPath;
  readonly absolute: string;
  /** `absent` where something stands on the way. */
  readonly before: FileState;
  readonly obstacle: Obstacle | undefined;
  readonly recorded: ReceiptConfig | undefined;
  readonly previous: readonly Decision[];
}

/** What stands where the file needs a folder. */
const onTheWay = ({ ports, layout }: TargetContext, absolute: string): Obstacle | undefined => {
  const { files } = ports;
  let folder = dirname(absolute);
  while (files.stat(folder) === undefined && dirname(folder) !== folder) folder = dirname(folder);
  const real = files.real(folder);
  const owner = `below:${toRooted(layout.roots, folder)}`;
  if (real !== folder) return { cause: `a symbolic link on the way leads to ${real ?? 'nothing'}`, owner };
  return files.stat(folder)?.kind === 'dir' ? undefined : { cause: `${folder} is no folder`, owner };
};

const inPlace = (before: FileState): Obstacle | undefined => {
  switch (before.kind) {
    case 'absent':
    case 'file':
      return undefined;
    case 'link':
      return { cause: `it is a symbolic link to ${before.to}`, owner: ownerOf(before) };
    case 'dir':
      return { cause: 'it is a folder', owner: ownerOf(before) };
    case 'other':
      return { cause: 'it is no plain file', owner: ownerOf(before) };
  }
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
  const blocked = onTheWay(context, absolute);
  const before = blocked === undefined ? context.ports.files.state(absolute) : absent;
  return {
    context,
    spec,
    path,
    absolute,
    before,
    obstacle: blocked ?? inPlace(before),
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
