/** Writes one state file in one of the ways there are, for its system calls to be looked at. */
import { diskState } from '../../../src/adapters/state-files.ts';

const [way, path = ''] = process.argv.slice(2);
const state = diskState();
if (way === 'replace') state.replace(path, 'text\n');
if (way === 'create') state.createExclusive(path, 'text\n');
if (way === 'append') state.append(path, 'text\n');
if (way === 'append-lazy') state.append(path, 'text\n', 'lazy');
if (way === 'pieces') {
  const file = state.openNew(path);
  file.write(Buffer.from('one'));
  file.write(Buffer.from('two'));
  file.finish();
}
