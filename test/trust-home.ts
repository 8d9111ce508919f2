// One folder for a whole run of the tests, in which they keep trust; gone when the run is over.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly trustHome: string;
  }
}

/** Removes it again. */
export const setup = ({ provide }: Pick<TestProject, 'provide'>): (() => void) => {
  const dir = mkdtempSync(join(tmpdir(), 'lockstep-trust-'));
  // Some tests run the command as another user.
  chmodSync(dir, 0o755);
  provide('trustHome', dir);
  return () => rmSync(dir, { recursive: true, force: true });
};
