/** Which files of a backup cannot be restored, as lines: so many that a person reads them, and how many more there are. */
import type { LostFile } from '../../store/backups/check.ts';
import type { Paint } from './colours.ts';

const shown = 20;

export const lostLines = (lost: readonly LostFile[], paint: Paint): readonly string[] => [
  ...lost.slice(0, shown).map(({ path, component, cause }) => `    ${path}  ${paint.dim(`${component}: ${cause}`)}`),
  ...(lost.length > shown ? [`    … and ${lost.length - shown} more; --json names them all`] : []),
];
