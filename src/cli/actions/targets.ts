/** `target list`, `show`, `add`, `remove` and `update`: the registry for a person. */
import { targetNamed } from '../../app/choose-targets.ts';
import { layoutOf, targetPath } from '../../app/layouts.ts';
import { lookAtTargets } from '../../app/status.ts';
import { type AddedTarget, addTarget, removeTarget, updateTarget } from '../../app/targets.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { TargetLayout, TargetRecord } from '../../domain/target.ts';
import type { Call } from '../call.ts';
import { table } from '../render/table.ts';
import { localTime } from '../render/times.ts';
import { quarantineLines, stateWord } from './status.ts';

export interface AddOptions {
  readonly path: string;
  readonly type?: string;
  readonly python?: string;
  readonly checkout?: string;
  readonly pipeline?: string;
}

export interface UpdateOptions {
  readonly status?: string;
  readonly path?: string;
  readonly type?: string;
  readonly python?: string;
  readonly checkout?: string;
  readonly pipeline?: string;
  readonly hold?: boolean;
}

export const runList = async (call: Call): Promise<number> => {
  const { targets } = (await call.main()).registry.read();
  const rows = targets.map((target) => [
    `- ${target.path}`,
    target.name,
    target.type,
    `${stateWord(target.status, call.paint)}${target.status_by_hand === true ? ' (set by hand)' : ''}${target.hold === true ? ' (on hold)' : ''}`,
  ]);
  call.answer(
    { kind: 'targets', targets },
    rows.length === 0 ? ['no target is registered yet: lockstep target add <name> --path <folder>'] : table(null, rows),
  );
  return 0;
};

const recordRows = (record: TargetRecord, call: Call): readonly (readonly string[])[] => [
  ['path', record.path],
  ['type', record.type],
  ...(record.pipeline === undefined ? [] : [['pipeline', record.pipeline]]),
  ...(record.python === undefined ? [] : [['python', record.python]]),
  ...(record.checkout === undefined ? [] : [['checkout', record.checkout]]),
  ['status', stateWord(record.status, call.paint)],
  ...(record.hold === true ? [['hold', 'left out of --all-targets']] : []),
];

const layoutRows = (layout: TargetLayout): readonly (readonly string[])[] => [
  [
    'roots',
    Object.values(layout.roots)
      .filter((root) => root !== undefined)
      .join(', '),
  ],
  [
    'runs',
    layout.python === null || layout.pythonCause !== null
      ? `unknown: ${layout.pythonCause ?? 'no Python found'}`
      : `Python ${layout.python.version}, ${layout.python.pip === null ? 'without pip' : `pip ${layout.python.pip}`}`,
  ],
  ['package', layout.packageDir ?? 'no place for it'],
  ...layout.installations.map((copy, index) => [
    index === 0 ? 'installed' : 'shadowed',
    `${copy.name} ${copy.version} in ${copy.site}${copy.editable === undefined ? '' : ` (editable: ${copy.editable.checkout})`}`,
  ]),
];

/** The layout, or why there is none to show. */
const seen = async (look: () => Promise<TargetLayout>): Promise<TargetLayout | LockstepError> => {
  try {
    return await look();
  } catch (error) {
    if (error instanceof LockstepError) return error;
    throw error;
  }
};

export const runShow = async (call: Call, name: string): Promise<number> => {
  const main = await call.main();
  const record = targetNamed(main.registry.read().targets, name);
  const layout = await seen(() => layoutOf(main, record));
  const { signal, env } = call.world;
  const [now] = await lookAtTargets(main, { targets: { names: [record.name] }, signal, env });
  const missing = layout instanceof LockstepError;
  call.answer(
    {
      kind: 'target',
      target: record,
      place: targetPath(main, record),
      layout: missing ? null : layout,
      cause: missing ? layout.message : null,
      status: now ?? null,
    },
    [
      call.paint.strong(record.name),
      ...table(null, [
        ...recordRows(now === undefined ? record : { ...record, status: now.status }, call),
        ...(now === undefined ? [] : [['cause', now.cause]]),
        ...(missing ? [['found', layout.message]] : layoutRows(layout)),
        ['last sync', localTime(now?.lastSync ?? record.last_sync)],
        ['version', now?.version ?? record.sync_version ?? 'never tagged'],
        ['backups', String(now?.backups ?? 0)],
        ['rollback', now?.rollback?.replace(/^rollback /, '') ?? `never tried: lockstep target drill ${record.name}`],
        ['verified', now?.verified ?? 'never'],
      ]).map((line) => `  ${line}`),
      ...(now?.behind ?? []).map((line) => `  behind: ${line}`),
      ...(now === undefined ? [] : quarantineLines(now)).map((line) => `  quarantine: ${line}`),
    ],
  );
  return 0;
};

/** A source target cannot be synced without its clone of main. */
const lacksClone = ({ layout }: AddedTarget): boolean => layout.type === 'source' && layout.checkout === null;

export const runAdd = async (call: Call, name: string, options: AddOptions): Promise<number> => {
  const { path, type, python, checkout, pipeline } = options;
  const added = await addTarget(await call.main(), {
    name,
    cwd: call.dir,
    path,
    ...(type === undefined ? {} : { type }),
    ...(python === undefined ? {} : { python }),
    ...(checkout === undefined ? {} : { checkout }),
    ...(pipeline === undefined ? {} : { pipeline }),
  });
  call.answer({ kind: 'target-added', target: added.record, layout: added.layout, found: added.found }, [
    `${call.paint.strong(name)} ${call.paint.good('added')}: ${added.record.path} (${added.record.type})`,
    ...added.found.map((line) => `  ${line}`),
    `${call.paint.dim('next')}  ${lacksClone(added) ? `lockstep target update ${name} --checkout <folder>` : `lockstep sync run --target ${name} --dry-run`}`,
  ]);
  return 0;
};

export const runRemove = async (call: Call, name: string): Promise<number> => {
  const main = await call.main();
  const record = await removeTarget(main, name);
  const backups = main.backups.list(record.name).length;
  call.answer({ kind: 'target-removed', target: record, backups }, [
    `${record.name} removed from the registry; ${targetPath(main, record)} stays as it is${backups === 0 ? '' : `, and so do its backups (${backups})`}`,
  ]);
  return 0;
};

/** Throws `usage` when nothing is to change. */
export const runUpdate = async (call: Call, name: string, options: UpdateOptions): Promise<number> => {
  const { status: state, path, type, python, checkout, pipeline, hold } = options;
  const change = {
    ...(state === undefined ? {} : { status: state }),
    ...(path === undefined ? {} : { path }),
    ...(type === undefined ? {} : { type }),
    ...(python === undefined ? {} : { python }),
    ...(checkout === undefined ? {} : { checkout }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(hold === undefined ? {} : { hold }),
  };
  const words = Object.entries(change);
  if (words.length === 0) {
    throw new LockstepError('usage', `nothing to change of ${name} is given`, {
      hint: `for example: lockstep target update ${name} --status needs_sync`,
    });
  }
  const record = await updateTarget(await call.main(), name, { cwd: call.dir, ...change });
  call.answer({ kind: 'target-updated', target: record }, [
    `${record.name} updated: ${words.map(([key, value]) => `${key} ${String(value)}`).join(', ')}`,
  ]);
  return 0;
};
