/** `config diff`: every key that differs, and which side a merge would take. */
import { type ConfigFileDiff, configDiff } from '../../app/config.ts';
import type { Call } from '../call.ts';
import { keyLine } from '../render/plan-text.ts';

const fileLines = (file: ConfigFileDiff, call: Call): readonly string[] => [
  `  ${call.paint.strong(file.path)}  ${call.paint.dim(`from ${file.from}: ${file.cause}`)}`,
  ...[...file.changes, ...file.kept].map((change) => keyLine(change, call.paint)),
  ...file.warnings.map((line) => `    ${call.paint.look('!')} ${line}`),
];

export const runConfigDiff = async (call: Call, target: string): Promise<number> => {
  const { signal, env } = call.world;
  const diff = await configDiff(await call.main(), { target, signal, env });
  const differs = diff.files.some((file) => file.action !== 'none' || file.kept.length > 0);
  call.answer({ kind: 'config-diff', ...diff }, [
    `${call.paint.strong(diff.target)}  main at ${diff.commit.slice(0, 10)}`,
    ...(diff.files.length === 0 ? ['  sync.config.yaml names no configuration file for targets of its type'] : []),
    ...diff.files.flatMap((file) => fileLines(file, call)),
    ...(differs ? [`${call.paint.dim('next')}  lockstep config sync ${diff.target} --merge --dry-run`] : []),
  ]);
  return 0;
};
