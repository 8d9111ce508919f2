import { describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/program.ts';
import { type Verdict, verdictCode } from '../../src/cli/verdict.ts';
import { type ErrorCode, LockstepError } from '../../src/domain/errors.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';

const passed: Verdict = { passed: true, error: null };
const failed: Verdict = { passed: false, error: null };
const withError = (code: ErrorCode): Verdict => ({ passed: false, error: new LockstepError(code, code) });

describe('the exit code of what was done to several targets', () => {
  it.each<[string, readonly Verdict[], number]>([
    ['nothing asked', [], 0],
    ['all passed', [passed, passed], 0],
    ['some failed', [passed, failed], 4],
    ['some were locked', [passed, withError('locked')], 4],
    ['the only one failed', [failed], 5],
    ['the only one could not be looked at', [withError('python-unusable')], 5],
    ['all were locked', [withError('locked'), withError('locked')], 7],
    ['all were refused', [withError('conflict-refused')], 6],
    ['all had wrong words', [withError('unknown-target')], 2],
    ['failed for different causes', [withError('locked'), withError('conflict-refused')], 5],
    ['interrupted', [passed, withError('interrupted')], 130],
  ])('%s', (_what, verdicts, code) => {
    expect(verdictCode(verdicts)).toBe(code);
  });
});

describe('the exit code of a command', () => {
  const run = async (thrown: unknown, signal = new AbortController().signal) => {
    const said: string[] = [];
    const world = machineWorld('/', { out: (text) => void said.push(text), err: (text) => void said.push(text) });
    const ports = (): never => {
      throw thrown;
    };
    return { code: await runCommand({ ...world, ports, signal }, ['sync', 'status']), said: said.join('\n') };
  };

  it('is 1 for a bug, which is called one', async () => {
    const { code, said } = await run(new TypeError('x is not a function'));
    expect(code).toBe(1);
    expect(said).toContain('x is not a function');
  });

  it("is the error's own for expected trouble", async () => {
    expect((await run(new LockstepError('locked', 'held'))).code).toBe(7);
    expect((await run(new LockstepError('disk', 'full'))).code).toBe(5);
  });

  it('is 130 for whatever an interruption threw', async () => {
    expect((await run(new DOMException('aborted', 'AbortError'), AbortSignal.abort())).code).toBe(130);
  });
});
