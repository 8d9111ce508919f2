/** What an expression may read of earlier steps: only outputs that there can be, each mistake at its place. */
import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import type { KnownNames } from '../config/known-names.ts';
import { short, suggestion } from '../config/problem.ts';
import type { OutputType } from '../steps/step.ts';
import { Refusal } from './expression-problems.ts';
import { childrenOf, placeOf } from './expression-rules.ts';

/** What a step gives: named values with their types, or whatever JSON its program prints. */
export type DeclaredOutputs = 'json' | Readonly<Record<string, OutputType>>;

/** What an expression in a pipeline may read besides the facts of target and run. */
export interface OutputsScope {
  /** The project's names, which texts in it are looked up in; none are when left out. */
  readonly known?: KnownNames;
  /** Steps that have run by then, by id. */
  readonly earlier: ReadonlyMap<string, DeclaredOutputs>;
  /** Ids of steps that have not. */
  readonly later: ReadonlySet<string>;
  /** Why it may read none at all. */
  readonly refused?: string;
}

const variable = 'steps';

/** Whether an expression reads `steps`. */
export const readsSteps = (node: ASTNode): boolean =>
  (node.op === 'id' && node.args === variable) || childrenOf(node).some(readsSteps);

/** The ids of the steps that an expression reads. */
export const stepsRead = (node: ASTNode): readonly string[] => {
  const first = keysOf(node)?.[0];
  return first === undefined ? childrenOf(node).flatMap(stepsRead) : [first.name ?? ''];
};

/** One `.name` or `['name']` behind `steps`; without a name where it is computed. */
interface Key {
  readonly name: string | undefined;
  readonly node: ASTNode;
  readonly computed?: ASTNode;
}

/** The keys of `steps.a.b['c']`, outermost last; undefined for anything that does not start at `steps`. */
const keysOf = (node: ASTNode): readonly Key[] | undefined => {
  if (node.op === 'id') return node.args === variable ? [] : undefined;
  if (node.op === '.') {
    const [holder, name] = node.args;
    const below = keysOf(holder);
    return below === undefined ? undefined : [...below, { name, node }];
  }
  if (node.op !== '[]') return undefined;
  const [holder, key] = node.args;
  const below = keysOf(holder);
  if (below === undefined) return undefined;
  const literal = key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
  return [...below, { name: literal, node: key, ...(literal === undefined ? { computed: key } : {}) }];
};

/** The name alone, not what it hangs on. */
const placeOfKey = ({ name, node }: Key): readonly [number, number] =>
  node.op === '.' && name !== undefined ? [node.end - name.length, node.end] : placeOf(node);

const unknownStep = (id: string, key: Key, { earlier, later }: OutputsScope): Refusal => {
  const at = placeOfKey(key);
  const name = short(id, 60);
  if (later.has(id)) return new Refusal(`\`${name}\` has not run by then: only earlier steps have outputs`, at);
  const dashed = [...earlier.keys()].find((known) => known.startsWith(`${id}-`));
  if (dashed !== undefined) return new Refusal(`an id with a dash is written steps['${dashed}']`, at);
  const none = earlier.size === 0 ? ': no step stands before this one' : '';
  return new Refusal(`there is no earlier step \`${name}\`${suggestion(id, earlier.keys())}${none}`, at);
};

const shape = 'write steps.<id>.outputs.<key>';

const refuseKeys = (keys: readonly Key[], node: ASTNode, scope: OutputsScope): void => {
  const [step, outputs, output] = keys;
  for (const key of [step, outputs])
    if (key !== undefined && key.name === undefined) throw new Refusal('write the name itself', placeOf(key.node));
  if (step?.name === undefined) throw new Refusal(`\`${variable}\` alone is no value: ${shape}`, placeOf(node));
  const declared = scope.earlier.get(step.name);
  if (declared === undefined) throw unknownStep(step.name, step, scope);
  if (outputs?.name === undefined) throw new Refusal(`a step is no value: ${shape}`, placeOf(node));
  if (outputs.name !== 'outputs')
    throw new Refusal(`a step has no \`${short(outputs.name, 60)}\`: ${shape}`, placeOfKey(outputs));
  if (declared === 'json') return;
  const known = Object.keys(declared);
  if (known.length === 0)
    throw new Refusal(`\`${step.name}\` gives no outputs: a \`run\` with \`outputs: json\` does`, placeOfKey(step));
  if (output?.name === undefined)
    throw new Refusal(`write the name of an output${suggestion('', known)}`, placeOf(output?.node ?? node));
  if (!known.includes(output.name))
    throw new Refusal(
      `\`${step.name}\` gives no \`${short(output.name, 60)}\`${suggestion(output.name, known)}`,
      placeOfKey(output),
    );
};

/** Refuses what reads no output that there can be. Throws a Refusal. */
export const refuseOutputs = (node: ASTNode, scope: OutputsScope): void => {
  const keys = keysOf(node);
  if (keys === undefined) {
    for (const child of childrenOf(node)) refuseOutputs(child, scope);
    return;
  }
  if (scope.refused !== undefined) throw new Refusal(scope.refused, placeOf(node));
  refuseKeys(keys, node, scope);
  for (const { computed } of keys) if (computed !== undefined) refuseOutputs(computed, scope);
};

const made = new WeakMap<OutputsScope, Map<Environment, Environment>>();

/** The language with `steps` in it, each output of the type that is declared. Made once for each scope. */
export const withSteps = (language: Environment, scope: OutputsScope): Environment => {
  const known = made.get(scope) ?? new Map<Environment, Environment>();
  made.set(scope, known);
  const found = known.get(language) ?? declareSteps(language.clone(), scope);
  known.set(language, found);
  return found;
};

const declareSteps = (made: Environment, { earlier }: OutputsScope): Environment => {
  const types = [...earlier].map(([id, declared], index) => {
    const outputs = declared === 'json' ? 'map<string, dyn>' : `Outputs${index}`;
    if (declared !== 'json') made.registerType(outputs, { fields: { ...declared } });
    made.registerType(`Step${index}`, { fields: { outputs } });
    return [id, `Step${index}`] as const;
  });
  return made.registerType('Steps', { fields: Object.fromEntries(types) }).registerVariable(variable, 'Steps');
};

/** The language where nothing is declared any more, because the values are there. */
export const withAnySteps = (language: Environment): Environment =>
  language.clone().registerVariable(variable, 'map<string, map<string, map<string, dyn>>>');
