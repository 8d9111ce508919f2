/** `config diff`: every key that differs, both sides of it, and which side a merge would take. */
import { type ConfigFileDiff, configDiff } from '../../app/config.ts';
import type { Call } from '../call.ts';
import { keyLine } from '../render/plan-text.ts';
import { counted } from '../render/times.ts';

/** What a merge would do to the file, in words. */
const verdictOf = ({ action, changes, kept, cause }: ConfigFileDiff): string => {
  const stays = kept.length === 0 ? '' : `${counted(kept.length, 'key differs and stays', 'keys differ and stay')}`;
  if (action === 'copy') return `${cause}: a sync copies it whole`;
  if (action === 'merge') {
    const comes = `${counted(changes.length, 'key')} would change`;
    return stays === '' ? comes : `${comes}, ${stays}`;
  }
  return stays === '' ? cause : `${cause}: ${stays}`;
};

const fileLines = (file: ConfigFileDiff, call: Call): readonly string[] => [
  `  ${call.paint.strong(file.path)}  ${call.paint.dim(`from ${file.from}: ${verdictOf(file)}`)}`,
  ...[...file.changes, ...file.kept].map((change) => keyLine(change, call.paint)),
  ...file.warnings.map((line) => `    ${call.paint.look('!')} ${line}`),
];

export const runConfigDiff = async (call: Call, target: string): Promise<number> => {
  const { signal, env } = call.world;
  const diff = await configDiff(await call.main(), { target, signal, env });
  // What stays is no news for a merge: only what one would write is worth a command to type.
  const writes = diff.files.some((file) => file.action !== 'none');
  call.answer({ kind: 'config-diff', ...diff }, [
    `${call.paint.strong(diff.target)}  main at ${diff.commit.slice(0, 10)}`,
    ...(diff.files.length === 0 ? ['  sync.config.yaml names no configuration file for targets of its type'] : []),
    ...diff.files.flatMap((file) => fileLines(file, call)),
    ...(writes ? [`${call.paint.dim('next')}  lockstep config sync ${diff.target} --merge --dry-run`] : []),
  ]);
  return 0;
};
