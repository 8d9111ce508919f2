/** Checks everything that a person writes for Lockstep: configuration, pipelines, registry. Writes nothing. */
import { renderProblem } from '../config/problem.ts';
import { LockstepError } from '../domain/errors.ts';
import { integrationOf } from '../integrations/index.ts';
import { compileCommitRule } from '../pipeline/expressions.ts';
import { checkPipelines, listPipelines, loadPipeline } from '../pipeline/load.ts';
import { templateProblems } from '../pipeline/templates.ts';
import type { Ports } from '../ports.ts';
import { configName, findMain, type MainProject, openMain } from './main-project.ts';

export interface Validation {
  /** What was looked at. */
  readonly checked: readonly string[];
  /** One line each; none when all is well. */
  readonly problems: readonly string[];
}

const linesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof LockstepError)) throw error;
  const where = error.target === undefined ? '' : `${error.target}: `;
  return [`${where}${error.message}`, ...error.details, ...(error.hint === undefined ? [] : [`  next: ${error.hint}`])];
};

const registryProblems = (main: MainProject): readonly string[] => {
  const { targets } = main.registry.read();
  const place = { files: main.ports.files, root: main.git.mainWorktree };
  const known = new Set(listPipelines(place));
  return targets.flatMap((record) => {
    const pipeline = record.pipeline ?? record.type;
    try {
      integrationOf(record.type);
      // What is wrong inside a pipeline is said once, where its file is read.
      if (!known.has(pipeline)) loadPipeline({ ...place, name: pipeline });
      return [];
    } catch (error) {
      return linesOf(error).map((line) => `target ${record.name}: ${line}`);
    }
  });
};

const commitRuleProblems = (main: MainProject): readonly string[] =>
  main.project.commitRules.flatMap((rule) => {
    try {
      compileCommitRule(rule.if);
      return [];
    } catch (error) {
      return linesOf(error).map((line) => `${configName}: commits: ${line}`);
    }
  });

/** Every text of a value, however deep. */
const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
};

const templateProblemsOf = ({ project }: MainProject): readonly string[] => {
  const places: readonly (readonly [string, unknown])[] = [
    ...project.components.map(
      (spec) => [`components: ${spec.name}`, spec.sources.map((source) => source.into)] as const,
    ),
    ...project.config.map((spec) => [`config: ${spec.from}`, spec.into] as const),
    ...Object.entries(project.suites).flatMap(([suite, checks]) =>
      checks.map((check) => [`suites: ${suite}: ${check.name}`, check.with] as const),
    ),
  ];
  return places.flatMap(([where, value]) =>
    textsIn(value).flatMap((text) => templateProblems(text).map((problem) => `${configName}: ${where}: ${problem}`)),
  );
};

/** Every problem at once. Throws `not-a-main-project` when there is nothing to check. */
export const validate = async (ports: Ports, dir: string): Promise<Validation> => {
  const git = await findMain(ports, dir);
  const problems: string[] = [];
  const gather = (look: () => readonly string[]): void => {
    try {
      problems.push(...look());
    } catch (error) {
      problems.push(...linesOf(error));
    }
  };
  try {
    const main = await openMain(ports, dir);
    gather(() => registryProblems(main));
    gather(() => commitRuleProblems(main));
    gather(() => templateProblemsOf(main));
  } catch (error) {
    problems.push(...linesOf(error));
  }
  gather(() => checkPipelines({ files: ports.files, root: git.mainWorktree }).flatMap(renderProblem));
  return { checked: [configName, 'pipelines', 'registry'], problems: [...new Set(problems)] };
};
