// One folder for a whole run of the tests, gone when the run is over: in it they keep trust, what each of them would else make anew,
// and all that they make in passing.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly trustHome: string;
    readonly templateHome: string;
    readonly passingHome: string;
  }
}

/** Removes it again. */
export const setup = ({ provide }: Pick<TestProject, 'provide'>): (() => void) => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-run-')));
  const room = (name: string): string => {
    const dir = join(home, name);
    mkdirSync(dir);
    // Some tests run programs as somebody else.
    chmodSync(dir, 0o755);
    return dir;
  };
  chmodSync(home, 0o755);
  provide('trustHome', room('trust'));
  provide('templateHome', room('made'));
  provide('passingHome', room('tmp'));
  return () => rmSync(home, { recursive: true, force: true, maxRetries: 5 });
};
