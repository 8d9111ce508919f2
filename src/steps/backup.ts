/** Backs up, whole, every component that the run may touch, before anything is touched. */
import { Type } from '@sinclair/typebox';
import { holdsNames } from '../domain/named-option.ts';
import { type RootedPath, toAbsolute } from '../domain/paths.ts';
import { changedDistributions, touchedPaths } from '../domain/plan.ts';
import { writesOf } from '../domain/write-globs.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import {
  allComponents,
  checkoutOf,
  componentPaths,
  declaredPaths,
  installedNow,
  plannedFiles,
  wantedPaths,
} from './backup-entries.ts';
import type { PlanContext, StepKind } from './step.ts';

type Paths = Readonly<Record<string, readonly RootedPath[]>>;

const sizeText = (bytes: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
};

const noteOf = ({ ports, layout }: TargetContext, paths: Paths): string => {
  const found = Object.values(paths)
    .flat()
    .map((path) => ports.files.stat(toAbsolute(layout.roots, path)))
    .filter((stat) => stat !== undefined && stat.kind !== 'dir');
  const bytes = found.reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
  return `backup of ${Object.keys(paths).join(', ')} (${found.length} files, ${sizeText(bytes)})`;
};

const chosen = (context: PlanContext, options: Readonly<Record<string, unknown>>): readonly string[] => {
  const named = Array.isArray(options.components) ? options.components.map(String) : allComponents(context);
  // Whatever else the plan touches is backed up too, as whole components: a part of one could not be rolled back.
  const touched = plannedFiles(context.planned).map((action) => action.component);
  return [...new Set([...named.filter((name) => name !== 'package' || !context.layout.linkedToMain), ...touched])];
};

export const backup: StepKind = {
  name: 'backup',
  summary: 'Backs up components of the target, and all that the run will touch; a run goes no further without it.',
  with: Type.Object(
    {
      components: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          description: 'Components to back up whole, besides those that the run touches. All of them by default.',
          uniqueItems: true,
          ...holdsNames('component'),
        }),
      ),
    },
    { additionalProperties: false },
  ),
  mutates: false,
  idempotent: true,
  plansLast: true,
  outputs: { id: 'string' },
  plan: async (context, options, id) => {
    const programs = context.planned.filter(({ starts }) => (starts?.writes.length ?? 0) > 0);
    const touches =
      programs.length > 0 || context.planned.some((step) => step.actions.some((action) => action.kind !== 'note'));
    const warnings = context.layout.linkedToMain
      ? ['package is linked to the main project: it cannot be restored']
      : [];
    const empty = { id, uses: 'backup', patch: {}, warnings };
    if (!touches) return { ...empty, actions: [], skipped: 'nothing will be touched' };
    const planned = plannedFiles(context.planned);
    const wanted = await wantedPaths(context);
    const changing = context.planned.flatMap(changedDistributions);
    const paths: Record<string, readonly RootedPath[]> = {};
    for (const component of chosen(context, options))
      paths[component] = await componentPaths(context, component, { planned, wanted, changing });
    for (const { id: step, starts } of programs) paths[writesOf(step)] = declaredPaths(context, starts?.writes ?? []);
    return {
      ...empty,
      actions: [{ kind: 'note', sign: '+', text: noteOf(context, paths) }],
      skipped: null,
      facts: { paths },
    };
  },
  apply: async (context, plan) => {
    const paths = (plan.facts?.paths ?? {}) as Paths;
    const manifest = await context.backups.create({
      target: context.target.name,
      run: context.run.id,
      components: Object.keys(paths),
      entries: Object.entries(paths).flatMap(([component, list]) =>
        list.map((path) => ({ path, component, absolute: toAbsolute(context.layout.roots, path) })),
      ),
      touched: new Set(context.plan.flatMap(({ actions }) => touchedPaths(actions))),
      receipt: context.receipt ?? null,
      checkout: await checkoutOf(context),
      ...installedNow(context),
    });
    context.outputs.set('backup', { id: manifest.id });
    context.outputs.set(plan.id, { id: manifest.id });
  },
};
