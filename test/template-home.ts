// One folder for a whole run of the tests, in which they keep what each of them would else make anew; gone when the run is over.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly templateHome: string;
  }
}

/** Removes it again. */
export const setup = ({ provide }: Pick<TestProject, 'provide'>): (() => void) => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-templates-')));
  provide('templateHome', dir);
  return () => rmSync(dir, { recursive: true, force: true });
};
