/** `import`: the target's Python imports the package, and from where it was installed. */
import { type Static, Type } from '@sinclair/typebox';
import { isInside } from '../domain/paths.ts';
import type { CheckContext, CheckKind } from './check.ts';
import { pythonOf, runFor, tailOf } from './process.ts';

const options = Type.Object(
  {
    module: Type.Optional(
      Type.String({ pattern: '^[A-Za-z_][\\w.]*$', description: "the project's package when left out" }),
    ),
  },
  { additionalProperties: false },
);

// The working folder is taken off the path: a folder of the same name in the target must not pass for the package.
const script = `import sys
sys.path[:] = [p for p in sys.path if p not in ('', '.')]
import importlib, os
m = importlib.import_module(sys.argv[1])
p = getattr(m, '__file__', None) or next(iter(getattr(m, '__path__', [])), '')
sys.stdout.write('\\n@' + os.path.realpath(p) + '\\n')
`;

/** Whether it comes from a package that was left to the target's owner, wherever that lies. */
const isOwners = ({ receipt, layout, ports }: CheckContext, origin: string): boolean =>
  (receipt?.decisions ?? []).some(({ component, choice }) => component === 'package' && choice === 'kept') &&
  layout.installations.some(({ packageDir }) => {
    const place = packageDir === null ? undefined : ports.files.real(packageDir);
    return place !== undefined && isInside(place, origin);
  });

export const importCheck: CheckKind = {
  name: 'import',
  summary: "The package can be imported by the target's Python, from the place where it is installed.",
  with: options,
  judges: 'package',
  executes: (project, given) => [
    `import ${(given as Static<typeof options>).module ?? project.package.import}, by the target's Python`,
  ],
  run: async (context, given) => {
    const { project, layout, ports } = context;
    const module = (given as Static<typeof options>).module ?? project.package.import;
    const python = pythonOf(context);
    if ('verdict' in python) return python.verdict;
    const answer = await runFor(context, { argv: [python.executable, '-B', '-c', script, module], as: 'python' });
    if ('verdict' in answer) return answer.verdict;
    const { ran, masked } = answer;
    if (ran.code !== 0) {
      const reason = (await masked(ran.stderr)).trim().split(/\r?\n/).at(-1) || `exit ${ran.code}`;
      return { outcome: 'failed', cause: `import ${module}: ${reason}`, details: await tailOf(answer) };
    }
    const origin = /\n@(.*)\r?\n$/.exec(ran.stdout.toString('utf8'))?.[1] ?? '';
    const place = layout.packageDir === null ? undefined : ports.files.real(layout.packageDir);
    if (
      place !== undefined &&
      module === project.package.import &&
      !isInside(place, origin) &&
      !isOwners(context, origin)
    ) {
      return {
        outcome: 'failed',
        cause: `import ${module} takes ${origin}, not ${place}: another copy is in front of it`,
      };
    }
    return { outcome: 'passed', cause: `import ${module} takes ${origin}` };
  },
};
