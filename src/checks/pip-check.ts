/** `pip-check`: pip finds the package's requirements met, and the package fit for what requires it. */
import { Type } from '@sinclair/typebox';
import { normaliseName } from '../domain/distributions.ts';
import { installedCopies } from '../integrations/package/installed.ts';
import { packagePlace } from '../integrations/package/place.ts';
import type { CheckKind } from './check.ts';
import { pythonOf, runFor, tailOf } from './process.ts';

const names = (line: string): readonly string[] =>
  (line.match(/[A-Za-z0-9][\w.-]*/g) ?? []).map((word) => normaliseName(word.replace(/[.-]+$/, '')));

export const pipCheck: CheckKind = {
  name: 'pip-check',
  summary: 'Runs `pip check`; fails for problems that name the package, lists all others.',
  with: Type.Object({}, { additionalProperties: false }),
  judges: 'package',
  run: async (context) => {
    const { layout, project, ports } = context;
    const { name } = project.package;
    const python = pythonOf(context);
    if ('verdict' in python) return python.verdict;
    if (layout.python?.pip === null) return { outcome: 'could-not-run', cause: `${python.executable} has no pip` };
    const place = packagePlace(context);
    if (place !== undefined && installedCopies(ports.files, place, name).length === 0) {
      return { outcome: 'could-not-run', cause: `${name} is not installed in ${place.site}` };
    }
    const answer = await runFor(context, {
      argv: [python.executable, '-B', '-m', 'pip', '--disable-pip-version-check', 'check'],
      as: 'pip',
    });
    if ('verdict' in answer) return answer.verdict;
    const { ran, masked } = answer;
    if (ran.code === 0) return { outcome: 'passed', cause: 'no broken requirements' };
    const problems = (await masked(ran.stdout.toString('utf8'))).split(/\r?\n/).filter((line) => line.trim() !== '');
    if (ran.code !== 1 || problems.length === 0) {
      return { outcome: 'could-not-run', cause: `pip check ended with ${ran.code}`, details: await tailOf(answer) };
    }
    const ours = normaliseName(name);
    const about = problems.filter((line) => names(line).includes(ours));
    if (about.length > 0) return { outcome: 'failed', cause: about[0] ?? '', details: problems };
    return {
      outcome: 'passed',
      cause: `the requirements of ${name} are met; ${problems.length} older problems of other packages are listed`,
      details: problems,
    };
  },
};
