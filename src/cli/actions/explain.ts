/** `sync explain`: why a target, a file or a configuration key stands as it does, and what a sync would do with it. */

import { keyText } from '../../app/explain/config-sides.ts';
import type { FileExplanation, NotSynced } from '../../app/explain/file.ts';
import type { ConfigExplanation, KeyExplanation } from '../../app/explain/key.ts';
import type { TargetExplanation } from '../../app/explain/target.ts';
import { type Explanation, explain } from '../../app/explain.ts';
import type { FileState } from '../../domain/file-state.ts';
import type { Call } from '../call.ts';
import type { Paint } from '../render/colours.ts';
import { table } from '../render/table.ts';
import { counted, localTime } from '../render/times.ts';
import { stateWord } from './status.ts';

const short = (id: string): string => id.slice(0, 10);

const stateTextOf = (state: FileState): string => {
  switch (state.kind) {
    case 'absent':
      return 'nothing stands there';
    case 'file':
      return `sha256 ${state.sha256.slice(0, 16)}, mode ${state.mode.toString(8)}`;
    case 'link':
      return `a symbolic link to ${state.to}`;
    case 'dir':
      return 'a folder';
    case 'other':
      return 'no plain file';
  }
};

interface Wrote {
  readonly run: string;
  readonly commit: string;
  readonly time: string | null;
  readonly cause: string;
}

const writerText = (writer: Wrote | null): string =>
  writer === null
    ? 'no run on record wrote it'
    : `run ${writer.run}${writer.time === null ? '' : ` (${localTime(writer.time)})`} of commit ${short(writer.commit)}: ${writer.cause}`;

/** Rows of name and value, the names dim. */
const chain = (rows: readonly (readonly [string, string])[], paint: Paint): readonly string[] =>
  table(
    null,
    rows.map(([name, value]) => [`  ${paint.dim(name)}`, value]),
  );

const woulds: Readonly<Record<FileExplanation['would'], string>> = {
  nothing: 'nothing',
  write: "write main's version",
  remove: 'remove it',
  keep: 'leave it as it is',
  stop: 'stop before anything is written',
  none: 'nothing',
};

const comparedText = ({ equals }: FileExplanation): string => {
  const { main, synced } = equals;
  const sides = [
    ...(main === null ? [] : [main ? 'as main has it' : 'not as main has it']),
    ...(synced === null ? [] : [synced ? 'as it was synced' : 'not as it was synced']),
  ];
  return sides.length === 0 ? '' : ` (${sides.join(', ')})`;
};

const fileLines = (file: FileExplanation, paint: Paint): readonly string[] => {
  const { rule, main, synced, decision } = file;
  const rows: (readonly [string, string])[] = [];
  if (file.component !== null) rows.push(['component', file.component]);
  if (rule !== null) {
    const out = rule.exclude.length === 0 ? '' : `, without ${rule.exclude.join(', ')}`;
    rows.push(['rule', `from ${rule.from} into ${rule.into}${out}; on_conflict: ${rule.onConflict}`]);
  }
  if (main !== null) rows.push(['main', `${main.path} at ${short(main.commit)}: blob ${short(main.blob)}`]);
  else if (file.component !== null && file.component !== 'package') rows.push(['main', 'it is not in main any more']);
  if (file.component !== null) {
    const from = synced?.blob === undefined ? '' : `blob ${short(synced.blob)}, `;
    rows.push([
      'synced',
      synced === null
        ? 'the receipt does not name it'
        : `${from}${synced.link === undefined ? `sha256 ${synced.sha256.slice(0, 16)}` : `a link to ${synced.link}`}, with commit ${short(synced.commit)}`,
    ]);
  }
  rows.push(['stands', `${stateTextOf(file.standing)}${comparedText(file)}`]);
  if (decision !== null)
    rows.push([
      'decision',
      `${decision.choice}: ${decision.cause}; main's was ${short(decision.main)}, the owner's ${short(decision.owner)}`,
    ]);
  if (file.component !== null) rows.push(['written', writerText(file.writer)]);
  rows.push(['a sync', `${woulds[file.would]}: ${file.cause}`]);
  return [`${paint.strong(file.target)}  ${file.path}`, `  ${paint.dim(file.absolute)}`, ...chain(rows, paint)];
};

const notSyncedLines = ({ target, main, cause }: NotSynced, paint: Paint): readonly string[] => [
  `${paint.strong(target)}  ${main.path} of main`,
  ...chain(
    [
      ['main', `${main.path} at ${short(main.commit)}: blob ${short(main.blob)}`],
      ['a sync', `nothing: ${cause}`],
    ],
    paint,
  ),
];

const setters: Readonly<Record<KeyExplanation['setBy'], string>> = {
  sync: 'a sync',
  owner: 'the owner',
  unknown: 'not known',
  nobody: 'nobody',
};

const wouldsKey: Readonly<Record<KeyExplanation['would'], string>> = {
  '+': 'add it',
  '~': "write main's value",
  '-': 'remove it',
  '=': 'leave it as it is',
};

const keyLines = (key: KeyExplanation, paint: Paint): readonly string[] => {
  const { values, digests, writer, decision } = key;
  const value = (shown: string | null, digest: string | null): string =>
    `${shown ?? 'no such key'}${digest === null ? '' : paint.dim(`  digest ${digest.slice(0, 12)}`)}`;
  const set = writer === null ? `${setters[key.setBy]}: ${key.setCause}` : writerText(writer);
  const rule = key.strategyFrom === null ? 'no strategy names it' : `strategies: ${key.strategyFrom}`;
  return [
    `  ${paint.strong(keyText(key.key))}`,
    ...chain(
      [
        ['target', value(values.target, digests.target)],
        ['main', value(values.main, digests.main)],
        ...(digests.synced === null ? [] : [['synced', paint.dim(`digest ${digests.synced.slice(0, 12)}`)] as const]),
        ['set by', set],
        ['strategy', `${key.strategy} (${rule})`],
        ...(decision === null ? [] : [['decision', `${decision.choice}: ${decision.cause}`] as const]),
        ['a sync', `${wouldsKey[key.would]}: ${key.cause}`],
      ],
      paint,
    ).map((line) => `  ${line}`),
  ];
};

const configLines = (config: ConfigExplanation, paint: Paint): readonly string[] => {
  const { main, synced } = config;
  return [
    `${paint.strong(config.target)}  ${config.path}`,
    `  ${paint.dim(config.absolute)}`,
    ...chain(
      [
        [
          'main',
          main.blob === null
            ? `${main.path} is not in main at ${short(main.commit)}`
            : `${main.path} at ${short(main.commit)}: blob ${short(main.blob)}`,
        ],
        ['synced', synced === null ? 'never merged' : `blob ${short(synced)}`],
        ['stands', stateTextOf(config.standing)],
        ['written', writerText(config.writer)],
        [
          'a sync',
          config.would === 'none'
            ? `nothing: ${config.cause}`
            : `${config.would === 'copy' ? 'copy it whole' : 'merge it'}: ${config.cause}`,
        ],
      ],
      paint,
    ),
    ...config.keys.flatMap((key) => keyLines(key, paint)),
  ];
};

const standings = (word: string, paint: Paint): string => {
  const text = word.replaceAll('-', ' ');
  if (word === 'in-step' || word === 'linked') return paint.good(text);
  return word === 'stops' ? paint.bad(text) : paint.look(text);
};

const targetLines = (target: TargetExplanation, paint: Paint): readonly string[] => {
  const { synced, components, decisions } = target;
  return [
    `${paint.strong(target.target)}  ${stateWord(target.status, paint)}  ${target.cause}`,
    ...(synced === null
      ? []
      : [
          `  ${paint.dim('synced')}  ${localTime(synced.time)}, run ${synced.run}${synced.commit === null ? '' : `, main at ${short(synced.commit)}`}`,
        ]),
    ...table(
      null,
      components.map(({ component, standing, cause, commit }) => [
        `  ${component}`,
        standings(standing, paint),
        commit === null ? '' : short(commit),
        cause,
      ]),
    ),
    ...(decisions === 0 ? [] : [`  ${counted(decisions, 'decision')} on record`]),
    ...(synced?.recorded === true ? [`${paint.dim('next')}  lockstep sync show ${synced.run}`] : []),
  ];
};

const linesOf = (found: Explanation, paint: Paint): readonly string[] => {
  switch (found.kind) {
    case 'target':
      return targetLines(found, paint);
    case 'file':
      return fileLines(found, paint);
    case 'not-synced':
      return notSyncedLines(found, paint);
    case 'config':
      return configLines(found, paint);
  }
};

/** @param word a path in the target or in main, a configuration key, or nothing for the target as a whole */
export const runExplain = async (call: Call, target: string, word: string | undefined): Promise<number> => {
  const { signal, env } = call.world;
  const found = await explain(await call.main('dry-run'), { target, word: word ?? null, signal, env });
  const { kind: what, ...facts } = found;
  call.answer({ kind: 'explain', what, ...facts }, linesOf(found, call.paint));
  return 0;
};
