/** `command`: a program of the team's choice ends as expected. */

import { resolve } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { durationPattern, parseDuration } from '../domain/duration.ts';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { CheckContext, CheckKind, CheckResult } from './check.ts';
import { pythonOf, runFor, tailOf } from './process.ts';

const options = Type.Object(
  {
    argv: Type.Array(Type.String(), {
      minItems: 1,
      description: 'program and arguments; templates in them are filled in, and no shell reads them',
    }),
    cwd: Type.Optional(Type.String({ description: "relative to the target's folder" })),
    timeout: Type.Optional(Type.String({ pattern: durationPattern, description: 'such as 30s; 60s when left out' })),
    expect: Type.Optional(
      Type.Object(
        {
          exit: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: '0 when left out' })),
          stdout: Type.Optional(Type.String({ description: 'what its output must contain' })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
type Options = Static<typeof options>;

const filled = (
  context: CheckContext,
  { argv, cwd }: Options,
): { argv: [string, ...string[]]; cwd: string } | CheckResult => {
  try {
    const [program = '', ...rest] = argv.map(context.fill);
    if (program === '') return { outcome: 'could-not-run', cause: `${argv[0]} comes out empty for this target` };
    return { argv: [program, ...rest], cwd: resolve(context.layout.roots.target, context.fill(cwd ?? '.')) };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { outcome: 'could-not-run', cause: messageOf(error) };
  }
};

const isTargetPython = ({ layout, target }: CheckContext, program: string): boolean =>
  program === (layout.python?.executable ?? target.python);

export const command: CheckKind = {
  name: 'command',
  summary: 'Runs a program; passes when its exit status and output are as expected.',
  with: options,
  executes: (_project, given) => {
    const { argv, cwd } = given as Options;
    return [JSON.stringify(argv), ...(cwd === undefined ? [] : [`in ${cwd}`])];
  },
  run: async (context, given) => {
    const asked = given as Options;
    const request = filled(context, asked);
    if ('outcome' in request) return request;
    const python = pythonOf(context);
    // What starts the target's Python says nothing of the package where that Python cannot run.
    if ('verdict' in python && isTargetPython(context, request.argv[0])) return python.verdict;
    if (context.ports.files.stat(request.cwd)?.kind !== 'dir') {
      return { outcome: 'could-not-run', cause: `${request.cwd} is no folder` };
    }
    const timeout = asked.timeout === undefined ? {} : { timeout: parseDuration(asked.timeout) };
    const answer = await runFor(context, { ...request, ...timeout, as: 'command' });
    if ('verdict' in answer) return answer.verdict;
    const { ran } = answer;
    const exit = asked.expect?.exit ?? 0;
    if (ran.code !== exit) {
      const how = ran.code === null ? `was ended by ${ran.signal ?? 'a signal'}` : `exit ${ran.code}`;
      return { outcome: 'failed', cause: exit === 0 ? how : `${how}, expected ${exit}`, details: await tailOf(answer) };
    }
    const wanted = asked.expect?.stdout;
    if (wanted !== undefined && !ran.stdout.toString('utf8').includes(wanted)) {
      return {
        outcome: 'failed',
        cause: `its output does not contain ${JSON.stringify(wanted)}`,
        details: await tailOf(answer),
      };
    }
    return { outcome: 'passed', cause: `exit ${exit}` };
  },
};
