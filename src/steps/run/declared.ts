/** Refuses writes that a program may not declare: outside the target's folder, in protected places, or where a component lives. */
import { relative, sep } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { isInside, type RootedPath, toAbsolute } from '../../domain/paths.ts';
import { declaredWrites, globsMayMeet, isWrites, writeGlobProblem } from '../../domain/write-globs.ts';
import { integrationOf } from '../../integrations/index.ts';
import { allComponents, wantedPaths } from '../backup-entries.ts';
import type { PlanContext } from '../step.ts';

const shownPaths = 5;

const refuse = (id: string, why: string, details: readonly string[] = []): LockstepError =>
  new LockstepError('target-invalid', `what ${id} \`writes\` cannot be so: ${why}`, {
    details,
    hint: 'let `writes` name places of its own: each path of a target belongs to one alone',
  });

const below = (root: string, absolute: string): string => relative(root, absolute).split(sep).join('/');

/** Every path that some component has, wants or is about to get, by path below the target's folder. */
const takenPaths = async (context: PlanContext): Promise<ReadonlyMap<string, string>> => {
  const { layout, receipt, planned } = context;
  const root = layout.roots.target;
  const taken = new Map<string, string>();
  const take = (absolute: string, component: string): void => {
    if (isInside(root, absolute)) taken.set(below(root, absolute), component);
  };
  const takeRooted = (path: RootedPath, component: string): void => take(toAbsolute(layout.roots, path), component);
  for (const path of Object.keys(receipt?.config ?? {})) takeRooted(path, 'config');
  for (const [name, { files }] of Object.entries(receipt?.components ?? {}))
    if (!isWrites(name)) for (const path of Object.keys(files)) takeRooted(path, name);
  for (const [name, paths] of await wantedPaths(context)) for (const path of paths) takeRooted(path, name);
  if (allComponents(context).includes('package'))
    for (const path of await integrationOf(layout.type).packageFiles(context)) take(path, 'package');
  for (const { actions } of planned)
    for (const action of actions) if (action.kind === 'file') takeRooted(action.path, action.component);
  return taken;
};

const refuseProtected = ({ project, layout }: PlanContext, id: string, globs: readonly string[]): void => {
  const { checkout, target } = layout.roots;
  for (const glob of globs) {
    const place = project.protect.find((protectedGlob) => globsMayMeet(glob, protectedGlob));
    if (place !== undefined)
      throw refuse(id, `${glob} may meet ${place}, one of the target's own places (\`protect\`)`);
    if (checkout === undefined || checkout === target || !isInside(target, checkout)) continue;
    if (globsMayMeet(glob, below(target, checkout)))
      throw refuse(id, `${glob} may meet the checkout ${checkout}, which must stay clean`);
  }
};

/** Throws `target-invalid`, naming the glob and whose place it meets. */
export const checkWrites = async (context: PlanContext, id: string, globs: readonly string[]): Promise<void> => {
  if (globs.length === 0) return;
  for (const glob of globs) {
    const problem = writeGlobProblem(glob);
    if (problem !== undefined) throw refuse(id, `${glob}: ${problem}`);
  }
  refuseProtected(context, id, globs);
  const { covers } = declaredWrites(globs);
  const root = context.layout.roots.target;
  const { project } = context;
  if (isInside(project.root, root)) {
    const tracked = (await context.main.under('')).filter(({ path }) => {
      const absolute = toAbsolute({ target: project.root }, path);
      return isInside(root, absolute) && covers(below(root, absolute));
    });
    if (tracked[0] !== undefined) throw refuse(id, `${tracked[0].path} is a path of the main project itself`);
  }
  const met = [...(await takenPaths(context))].filter(([path]) => covers(path));
  const [first] = met;
  if (first === undefined) return;
  const more = met.length - shownPaths;
  throw refuse(id, `${first[0]} belongs to ${first[1]}`, [
    ...met.slice(0, shownPaths).map(([path, component]) => `${path} (${component})`),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ]);
};
