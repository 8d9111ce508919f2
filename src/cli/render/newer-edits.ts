/** Says which files with newer edits a restore replaces, so that nobody has to look for their work. */
import { counted } from './times.ts';

/** More than this many are counted. */
const named = 10;

/** One line; none when there is no such file. */
export const newerEditsLine = (paths: readonly string[], how: 'done' | 'would be'): readonly string[] => {
  if (paths.length === 0) return [];
  const verb = how === 'would be' ? how : paths.length === 1 ? 'was' : 'were';
  const more = paths.length > named ? `, and ${paths.length - named} more` : '';
  const names = `${paths.slice(0, named).join(', ')}${more}`;
  return [`${counted(paths.length, 'file')} with newer edits ${verb} replaced, after a backup: ${names}`];
};
