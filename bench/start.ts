/** How long the command takes to start, against bare Node. */
import type { Bench, Contender } from './bench.ts';

const bare: Contender = { name: 'node', argv: [process.execPath, '-e', '0'] };

export const start: Bench = {
  name: 'start',
  summary: '--version and --help, against bare Node',
  works: async function* ({ lockstep }) {
    for (const words of [['--version'], ['--help'], ['sync', 'run', '--help']]) {
      yield {
        name: words.join(' '),
        contenders: [{ name: 'lockstep', argv: [...lockstep, ...words] }, bare],
        goals: [{ kind: 'ratio', to: 'node', atMost: 1.3 }],
      };
    }
  },
};
