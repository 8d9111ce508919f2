/** Does what a plan for hooks says, action by action, and nothing where something else stands than the plan saw. */
import { dirname } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { type FileState, sameState } from '../../domain/file-state.ts';
import type { HookAction } from '../../domain/hooks/plan.ts';
import { isInside } from '../../domain/paths.ts';
import type { GitPlaces, Ports, Tree } from '../../ports.ts';
import { hookState } from './standing.ts';

/** Beside a script while it is written; a cut-off installation may leave it, and the next one writes it anew. */
export const newSuffix = '.lockstep-new';

const checked = (ports: Ports, path: string, before: FileState): void => {
  if (sameState(ports.files.state(path), before)) return;
  throw new LockstepError('target-changed', `${path} changed while the hooks were looked at`, {
    hint: 'run it again',
  });
};

/** A second name; a copy where the disk knows no second names. What stood there never is without a name. */
const hold = (ports: Ports, tree: Tree, { path, before, held }: Extract<HookAction, { kind: 'hold' }>): void => {
  if (before.kind === 'link') tree.symlink(held, before.to);
  else if (before.kind === 'file' && !tree.link(path, held)) tree.write(held, ports.files.read(path), before.mode);
  tree.flush([dirname(held)]);
};

const write = (tree: Tree, { path, text, mode }: Extract<HookAction, { kind: 'write' }>): void => {
  const fresh = `${path}${newSuffix}`;
  tree.write(fresh, Buffer.from(text), mode);
  tree.flush([fresh]);
  tree.rename(fresh, path);
  tree.flush([dirname(path)]);
};

const applyOne = (ports: Ports, git: GitPlaces, action: HookAction): void => {
  const own = hookState(git).dir;
  const tree = ports.openTree({ roots: [dirname(action.path)] });
  if ('before' in action) checked(ports, action.path, action.before);
  switch (action.kind) {
    case 'make-folder':
      tree.mkdir(action.path);
      return;
    case 'hold':
      hold(ports, tree, action);
      return;
    case 'write':
      if (isInside(own, action.path)) ports.state.replace(action.path, action.text);
      else write(tree, action);
      return;
    case 'remove':
      if (isInside(own, action.path)) ports.state.remove(action.path);
      else tree.unlink(action.path);
      return;
    case 'give-back':
      tree.rename(action.held, action.path);
      tree.flush([dirname(action.path)]);
      return;
    case 'record':
      ports.state.replace(action.path, action.text);
      return;
    case 'forget':
      ports.state.remove(action.path);
      return;
    case 'remove-folder':
      tree.rmdir(action.path);
      return;
  }
};

/** In their order; each one leaves every hook either as it was or as it will be. Throws `target-changed`, `disk`. */
export const applyHooks = (ports: Ports, git: GitPlaces, actions: readonly HookAction[]): void => {
  for (const action of actions) applyOne(ports, git, action);
};
