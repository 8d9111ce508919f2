/** Shows what would be executed here for the first time, and asks whoever sits at the terminal. */
import { changeLines, type TrustQuestion, type TrustView } from '../app/trust/trust.ts';
import type { Call } from './call.ts';
import { localTime } from './render/times.ts';

/** What a person reads before they agree. */
export const trustLines = (view: TrustView): readonly string[] => [
  view.last === undefined
    ? 'Runs of this main project execute the following on this machine, as you:'
    : `This changed since you trusted it (${localTime(view.last.time)}); runs execute it on this machine, as you:`,
  ...changeLines(view.changes).map((line) => `  ${line}`),
  'Besides, whatever imports or starts the package runs its modules as each commit has them: those are not listed.',
];

/** Nothing where nobody sits, or where a program reads the answer. */
export const askTrust = ({ json, world: { terminal } }: Call): { readonly ask?: TrustQuestion } => {
  const { ask } = terminal;
  if (json || ask === undefined) return {};
  return {
    ask: (view) => {
      for (const line of trustLines(view)) terminal.out(line);
      return ask('Trust this?');
    },
  };
};
