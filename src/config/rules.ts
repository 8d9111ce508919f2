/** Rules of `sync.config.yaml` that no schema can say: paths stay inside, reserved names stay free, keys fit together. */
import { tagTemplateProblem } from '../domain/tag-name.ts';
import { integrations } from '../integrations/index.ts';
import { type Problem, short, suggestion } from './problem.ts';
import { entriesOf, keyOf, sourcePlaces, textsIn } from './written-values.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** Components that Lockstep makes itself. */
const reserved: Readonly<Record<string, string>> = {
  package: '`package` is the component that `project:` describes: give this one another name',
  config: '`config` is the component that the list `config:` describes: give this one another name',
};

/** More than this many are not worth finding the place of. */
const most = 200;

/** Why a text is no path below a folder; undefined when it is one. */
const outside = (path: string): string | undefined => {
  if (/^([/\\]|[A-Za-z]:|~)/.test(path)) return 'must be relative, not absolute';
  return path.split(/[/\\]/).includes('..') ? 'must not climb out with `..`' : undefined;
};

/** A place in a target is absolute by what a template says, and by nothing else. */
const withoutTemplates = (place: string): string => place.replace(/\$\{\{.*?\}\}/gs, 'x');

const packageProblems = (project: unknown, yaml: YamlFile): readonly Problem[] => {
  const local = keyOf(project, 'package') !== undefined;
  const from = keyOf(project, 'from');
  if (from === 'local' && !local) {
    return [yaml.problem(['project', 'from'], '`from: local` needs `package:`, the folder that pip can install')];
  }
  if (keyOf(project, 'index') !== undefined && (from === 'local' || (from === undefined && local))) {
    return [yaml.problem(['project', 'index'], '`index` is used with `from: index` only', 'key')];
  }
  return [];
};

/** Problems besides those of the schema. Looks at any value, so that one report holds both. */
export const checkRules = (yaml: YamlFile): readonly Problem[] => {
  const problems: Problem[] = [];
  const refuse = (value: unknown, path: YamlPath, read = (text: string): string => text): void => {
    for (const { path: place, text } of textsIn(value, path)) {
      const why = outside(read(text));
      if (why !== undefined && problems.length < most) problems.push(yaml.problem(place, `\`${text}\` ${why}`));
    }
  };
  const builtIn = integrations.map(({ name }) => name);
  const types = entriesOf(keyOf(yaml.value, 'types'));
  const known = [...builtIn, ...types.map(([name]) => String(name))];
  for (const [name, spec] of types) {
    if (builtIn.includes(String(name)))
      problems.push(yaml.problem(['types', name], `\`${name}\` is a built-in type: give this one another name`, 'key'));
    refuse(keyOf(spec, 'detect'), ['types', name, 'detect']);
  }
  const refuseSource = (source: unknown, path: YamlPath): void => {
    const into = keyOf(source, 'into');
    for (const [type] of Array.isArray(into) ? [] : entriesOf(into))
      if (!known.includes(String(type)) && problems.length < most)
        problems.push(
          yaml.problem(
            [...path, 'into', type],
            `unknown key \`${short(String(type), 60)}\`${suggestion(String(type), known)}`,
            'key',
          ),
        );
    refuse(keyOf(source, 'from'), [...path, 'from']);
    refuse(keyOf(source, 'exclude'), [...path, 'exclude']);
    refuse(keyOf(source, 'into'), [...path, 'into'], withoutTemplates);
  };

  const project = keyOf(yaml.value, 'project');
  refuse(keyOf(project, 'package'), ['project', 'package']);
  problems.push(...packageProblems(project, yaml));
  for (const [name, rule] of entriesOf(keyOf(yaml.value, 'categories'))) {
    refuse(keyOf(rule, 'paths'), ['categories', name, 'paths']);
  }
  for (const [name, component] of entriesOf(keyOf(yaml.value, 'components'))) {
    const why = Object.hasOwn(reserved, name) ? reserved[name] : undefined;
    if (why !== undefined) problems.push(yaml.problem(['components', name], why, 'key'));
    for (const { source, path } of sourcePlaces(component, ['components', name])) refuseSource(source, path);
  }
  for (const [index, spec] of entriesOf(keyOf(yaml.value, 'config'))) refuseSource(spec, ['config', index]);
  refuse(keyOf(yaml.value, 'protect'), ['protect']);
  const tagName = keyOf(keyOf(yaml.value, 'tag'), 'name');
  const wrongTag = typeof tagName === 'string' && tagName !== '' ? tagTemplateProblem(tagName) : undefined;
  if (wrongTag !== undefined) problems.push(yaml.problem(['tag', 'name'], wrongTag));
  return problems;
};
