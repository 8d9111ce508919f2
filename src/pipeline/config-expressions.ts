/** Checks what `sync.config.yaml` says in the expression language, and the names that its checks refer to, each problem at its place. */
import { checkKinds } from '../checks/index.ts';
import { namesIn } from '../config/known-names.ts';
import type { Problem } from '../config/problem.ts';
import type { YamlFile, YamlPath } from '../config/yaml-file.ts';
import { commitRuleFaults } from './commit-rules.ts';
import { type Complaints, isFull, isMap, problemsInside, refuseUnknownNames } from './complaints.ts';
import { templateFaults } from './templates.ts';

type Entry = readonly [string | number, unknown];

const entriesOf = (value: unknown): readonly Entry[] => {
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  return isMap(value) ? Object.entries(value) : [];
};

const keyOf = (value: unknown, key: string): unknown =>
  isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;

const checkTexts = (to: Complaints, value: unknown, path: YamlPath): void => {
  if (isFull(to)) return;
  if (typeof value === 'string') problemsInside(to, path, templateFaults(value));
  else for (const [key, item] of entriesOf(value)) checkTexts(to, item, [...path, key]);
};

/** The templates under `into`, however deep the sources are written. */
const checkPlaces = (to: Complaints, value: unknown, path: YamlPath): void => {
  for (const [key, item] of entriesOf(value)) {
    if (key === 'into') checkTexts(to, item, [...path, key]);
    else if (key === 'sources' || typeof key === 'number') checkPlaces(to, item, [...path, key]);
  }
};

/** Every such problem; none of what the schema refuses already. */
export const expressionProblems = (yaml: YamlFile): readonly Problem[] => {
  const to: Complaints = { file: yaml, problems: [] };
  const { value } = yaml;
  const known = namesIn(value);
  for (const [index, rule] of entriesOf(keyOf(value, 'commits'))) {
    const source = keyOf(rule, 'if');
    if (typeof source === 'string' && source !== '' && !isFull(to))
      problemsInside(to, ['commits', index, 'if'], commitRuleFaults(source));
  }
  for (const [name, component] of entriesOf(keyOf(value, 'components')))
    checkPlaces(to, component, ['components', name]);
  checkPlaces(to, keyOf(value, 'config'), ['config']);
  for (const [suite, checks] of entriesOf(keyOf(value, 'suites'))) {
    for (const [index, check] of entriesOf(checks)) {
      const path = ['suites', suite, index, 'with'];
      const options = keyOf(check, 'with');
      checkTexts(to, options, path);
      const kind = checkKinds.find(({ name }) => name === keyOf(check, 'uses'));
      if (kind !== undefined && isMap(options)) refuseUnknownNames(to, kind.with, { options, path, known });
    }
  }
  return to.problems;
};
