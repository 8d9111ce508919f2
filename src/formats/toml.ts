/** TOML 1.0: edits are splices, so every byte that no edit names stays, and the result is proved by a second parser. */
import { applyEdits } from '../domain/config-edit.ts';
import { isTable, sameValue, type Value } from '../domain/config-value.ts';
import { LockstepError } from '../domain/errors.ts';
import type { Edit, Format } from './format.ts';
import { reconcile } from './toml/reconcile.ts';
import { noRemarks, remarksOf } from './toml/remarks.ts';
import { Source } from './toml/source.ts';
import { nodeValue, treeOf } from './toml/tree.ts';
import { coarse, hasFineDates, quickValues, syntaxOf } from './toml/values.ts';

const exactValues = (text: string): Value => nodeValue(treeOf(syntaxOf(new Source(text).text)));

const parse = (text: string): Value => {
  if (hasFineDates(text)) return exactValues(text);
  try {
    return quickValues(text);
  } catch {
    // The second reader says where and why without quoting the line, which may hold a secret.
    return exactValues(text);
  }
};

/** Throws unless an independent parser reads the edited text as what was asked for. */
const prove = (text: string, wanted: Value): void => {
  let read: Value | undefined;
  try {
    read = quickValues(text);
  } catch {
    read = undefined;
  }
  if (read !== undefined && sameValue(coarse(read), coarse(wanted))) return;
  throw new LockstepError('merge-failed', 'the edited file would not say what was asked, so nothing was written', {
    hint: 'change these keys by hand, and report the layout of the file as a bug',
  });
};

const edit = (text: string, edits: readonly Edit[], from?: string): string => {
  if (edits.length === 0) return text;
  const source = new Source(text);
  const root = treeOf(syntaxOf(source.text));
  const { value, origins } = applyEdits(nodeValue(root), edits);
  if (!isTable(value))
    throw new LockstepError('merge-failed', 'a TOML file is a table; the edit would make it something else');
  reconcile(source, root, { wanted: value, origins, remarks: from === undefined ? noRemarks : remarksOf(from) });
  const edited = source.finish();
  if (edited !== text) prove(edited, value);
  return edited;
};

export const toml: Format = { name: 'TOML', extensions: ['.toml'], parse, edit };
