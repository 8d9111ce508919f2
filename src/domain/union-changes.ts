/** Joins change records of several ranges of commits: each file once, with the most urgent view of its category. Pure. */
import { type ChangeRecord, type FileChange, priorities } from './change.ts';
import { pathsOf } from './changes.ts';

const rank = ({ priority }: ChangeRecord): number => priorities.indexOf(priority);

const byPath = (a: FileChange, b: FileChange): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

const joined = (a: ChangeRecord, b: ChangeRecord): ChangeRecord => {
  const urgent = rank(b) > rank(a) ? b : a;
  const files = new Map([...a.files, ...b.files].map((file) => [file.path, file]));
  const commits = new Map([...a.commits, ...b.commits].map((commit) => [commit.id, commit]));
  return { ...urgent, files: [...files.values()].sort(byPath), commits: [...commits.values()] };
};

/** Records in the order in which their categories were first met. */
export const unionOfRecords = (ranges: readonly (readonly ChangeRecord[])[]): readonly ChangeRecord[] => {
  const union = new Map<string | null, ChangeRecord>();
  for (const record of ranges.flat()) {
    const known = union.get(record.category);
    union.set(record.category, known === undefined ? record : joined(known, record));
  }
  return [...union.values()];
};

/** Every path that the records are about: new names and former ones. */
export const pathsOfRecords = (records: readonly ChangeRecord[]): ReadonlySet<string> =>
  new Set(records.flatMap(({ files }) => files.flatMap(pathsOf)));

/** The records with only those files that are about one of the paths; a record that keeps none is left out. */
export const recordsAbout = (
  records: readonly ChangeRecord[],
  paths: Pick<ReadonlySet<string>, 'has'>,
): readonly ChangeRecord[] =>
  records.flatMap((record) => {
    const files = record.files.filter((file) => pathsOf(file).some((path) => paths.has(path)));
    return files.length === 0 ? [] : [{ ...record, files }];
  });
