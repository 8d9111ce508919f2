/** `trust`: shows what would be executed here, and what changed since it was trusted; remembers it when the person agrees. */
import { keepTrust, viewTrust } from '../../app/trust/trust.ts';
import { errorCodes } from '../../domain/errors.ts';
import type { Call } from '../call.ts';
import { trustLines } from '../trust-question.ts';

export interface TrustOptions {
  readonly yes?: boolean;
}

/** Exits with 6 when it stays untrusted. */
export const runTrust = async (call: Call, options: TrustOptions): Promise<number> => {
  const { env, terminal } = call.world;
  const main = await call.main();
  const view = await viewTrust(main, env);
  const answer = (trusted: boolean, lines: readonly string[]): number => {
    call.answer({ kind: 'trust', trusted, hash: view.hash, parts: view.parts, changes: view.changes }, lines);
    return trusted ? 0 : errorCodes.untrusted;
  };
  if (view.trusted && view.parts.length === 0) return answer(true, ['nothing would be executed: nothing to trust']);
  if (view.trusted) return answer(true, [`${call.paint.good('trusted')}: ${view.hash}`]);
  if (!call.json) for (const line of trustLines(view)) terminal.out(line);
  const agreed = options.yes === true || (!call.json && (await terminal.ask?.('Trust this?')) === true);
  if (!agreed)
    return answer(false, [`not trusted; to trust it: lockstep trust --yes (in CI: LOCKSTEP_TRUST=${view.hash})`]);
  keepTrust(main, env, view);
  return answer(true, [`${call.paint.good('trusted')}: ${view.hash}`]);
};
