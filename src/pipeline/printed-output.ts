/** Tells what programs print as the output of the step that started them. */
import type { EventBody } from '../domain/events.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { ProcessRequest } from '../ports.ts';

/** Whose output is worth keeping: what pip, builds and commands say. Git and the questions to a Python answer the program. */
const told = new Set(['pip', 'command']);

const shown = (argv: ProcessRequest['argv']): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');

/**
 * The same context, whose processes tell their command line and what they print, as it comes. A request that listens
 * itself is left alone. Nothing is masked here: that is done where events leave the run.
 */
export const withPrintedOutput = <C extends Pick<TargetContext, 'ports' | 'target'>>(
  context: C,
  step: string,
  emit: (event: EventBody) => void,
): C => {
  const { processes } = context.ports;
  const say = (text: string): void => emit({ kind: 'step.output', target: context.target.name, step, text });
  return {
    ...context,
    ports: {
      ...context.ports,
      processes: {
        counts: () => processes.counts(),
        run: (request: ProcessRequest) => {
          if (!told.has(request.as) || request.onOutput !== undefined) return processes.run(request);
          say(`$ ${shown(request.argv)}\n`);
          return processes.run({ ...request, onOutput: say });
        },
      },
    },
  };
};
