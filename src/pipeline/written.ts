/** Finds the file of a pipeline and every file that it extends, down to one that extends nothing. */
import { dirname, join, relative, resolve, sep } from 'node:path';
import { short, suggestion } from '../config/problem.ts';
import { namePattern } from '../config/words.ts';
import { parseYaml, readYaml, type YamlFile } from '../config/yaml-file.ts';
import { LockstepError } from '../domain/errors.ts';
import { isInside } from '../domain/paths.ts';
import type { Files } from '../ports.ts';
import { builtInPipelines } from './built-in.ts';
import { type Complaints, complain, inFile, isMap, type YamlMap } from './complaints.ts';

/** Where pipelines are looked for. */
export interface PipelineFolder {
  readonly files: Files;
  /** The main root, absolute. */
  readonly root: string;
}

/** A file that holds a pipeline, not read yet. */
export interface Source {
  /** The pipeline's name: that of the file. */
  readonly name: string;
  /** As people call the file: relative to the main root. */
  readonly shownAs: string;
  /** Absolute; null for a built-in one. */
  readonly path: string | null;
}

/** A file of the chain, and what it says. */
export interface Written extends Source {
  readonly yaml: YamlFile;
  readonly map: YamlMap;
}

export const pipelineFolder = 'pipelines';
const ending = '.yaml';
/** Only such names are looked for on the disk: a name is no path. */
const nameShape = new RegExp(namePattern);
const longestName = 64;
/** People need two or three. */
const mostLevels = 10;

/** Whether a pipeline can be called so. */
export const isPipelineName = (name: string): boolean => name.length <= longestName && nameShape.test(name);

/** Names of the files in `pipelines/`, whether pipelines can be called so or not. */
export const namesOnDisk = ({ files, root }: PipelineFolder): readonly string[] =>
  files
    .list(join(root, pipelineFolder))
    .filter((entry) => entry.endsWith(ending))
    .map((entry) => entry.slice(0, -ending.length));

/** The names of all pipelines there are, sorted: the project's own and the built-in ones. */
export const listPipelines = (place: PipelineFolder): string[] =>
  [...new Set([...namesOnDisk(place).filter(isPipelineName), ...Object.keys(builtInPipelines)])].sort();

const builtIn = (name: string): Source | undefined =>
  Object.hasOwn(builtInPipelines, name) ? { name, shownAs: `built-in/${name}${ending}`, path: null } : undefined;

const ofProject = ({ files, root }: PipelineFolder, name: string): Source | undefined => {
  const path = join(root, pipelineFolder, `${name}${ending}`);
  // stat, not real: a link that leads nowhere is a problem to tell, not a reason to take the built-in one.
  return isPipelineName(name) && files.stat(path) !== undefined
    ? { name, shownAs: `${pipelineFolder}/${name}${ending}`, path }
    : undefined;
};

/** The file of a pipeline; one of the project comes before a built-in one. Throws `pipeline-invalid` when there is none. */
export const sourceNamed = (place: PipelineFolder, name: string): Source => {
  const found = ofProject(place, name) ?? builtIn(name);
  if (found !== undefined) return found;
  const known = listPipelines(place);
  const write = isPipelineName(name) ? `write ${pipelineFolder}/${name}${ending}, or ` : '';
  throw new LockstepError(
    'pipeline-invalid',
    `there is no pipeline named ${short(name, 60)}${suggestion(name, known)}`,
    { hint: `${write}use one of: ${known.join(', ')}` },
  );
};

/** Reads a file. Throws `pipeline-invalid` for what is no text. */
export const readSource = ({ files }: PipelineFolder, { name, shownAs, path }: Source): YamlFile =>
  path === null
    ? parseYaml(builtInPipelines[name] ?? '', shownAs)
    : readYaml(files, path, { shownAs, code: 'pipeline-invalid' });

/** A file beside the extending one. Throws a LockstepError that says why it may not be. */
const sourceAt = ({ files, root }: PipelineFolder, from: Source, written: string): Source => {
  const refused = (why: string): LockstepError => new LockstepError('pipeline-invalid', why);
  const path = resolve(dirname(from.path ?? root), written);
  const [real, realRoot] = [files.real(path), files.real(root) ?? root];
  if (real === undefined) throw refused(`there is no file ${short(written, 80)} beside ${from.shownAs}`);
  if (!isInside(realRoot, real))
    throw refused(`${short(written, 80)} lies outside the main project: a run takes nothing from there`);
  if (files.stat(real)?.kind !== 'file') throw refused(`${short(written, 80)} is no file`);
  const shownAs = relative(root, path).split(sep).join('/');
  return { name: (shownAs.split('/').at(-1) ?? '').replace(/\.ya?ml$/, ''), shownAs, path };
};

const isPath = (written: string): boolean => /^\.\.?\//.test(written);

const baseOf = (place: PipelineFolder, from: Source, written: string): Source => {
  if (isPath(written)) return sourceAt(place, from, written);
  if (/[/\\]|\.ya?ml$/.test(written))
    throw new LockstepError('pipeline-invalid', 'a path begins with ./ or ../, and a name has no ending');
  // A project's own `source` that extends `source` means the built-in one: it could not mean itself.
  const own = ofProject(place, written)?.path === from.path ? builtIn(written) : undefined;
  return own ?? sourceNamed(place, written);
};

/** The same file under another name is the same file. */
const identityOf = ({ files }: PipelineFolder, { path, shownAs }: Source): string =>
  path === null ? shownAs : (files.real(path) ?? path);

export interface Chain {
  /** The pipeline itself first, then what it extends, and so on. */
  readonly files: readonly Written[];
  /** Whether every file of it was found and could be read. */
  readonly complete: boolean;
}

interface Link {
  readonly from: Written | undefined;
  readonly source: Source;
  readonly above: readonly Source[];
}

/** Follows `extends`. What cannot be followed is a problem where it is written, and ends the chain. */
const follow = (to: Complaints, place: PipelineFolder, { from, source, above }: Link): Chain => {
  const ended: Chain = { files: [], complete: false };
  let yaml: YamlFile;
  try {
    yaml = from === undefined ? to.file : readSource(place, source);
  } catch (error) {
    if (!(error instanceof LockstepError) || from === undefined) throw error;
    complain(inFile(to, from.yaml), ['extends'], error.message);
    return ended;
  }
  if (from !== undefined) to.problems.push(...yaml.problems);
  if (!yaml.readable) return ended;
  const here = inFile(to, yaml);
  if (!isMap(yaml.value)) {
    complain(here, [], 'a pipeline must be a map with `name` and `steps`');
    return ended;
  }
  const written: Written = { ...source, yaml, map: yaml.value };
  const base = yaml.value.extends;
  if (base === undefined) return { files: [written], complete: true };
  const stopped: Chain = { files: [written], complete: false };
  const refuse = (why: string): Chain => {
    complain(here, ['extends'], why);
    return stopped;
  };
  if (typeof base !== 'string' || base === '')
    return refuse('`extends` must be the name of a pipeline, or a path that begins with ./');
  let next: Source;
  try {
    next = baseOf(place, source, base);
  } catch (error) {
    if (error instanceof LockstepError) return refuse(error.message);
    throw error;
  }
  const known = [...above, source];
  const again = known.findIndex((one) => identityOf(place, one) === identityOf(place, next));
  if (again !== -1) {
    const circle = [...known.slice(again), next].map(({ shownAs }) => shownAs).join(' → ');
    return refuse(`\`extends\` goes in a circle: ${circle}`);
  }
  if (known.length >= mostLevels) return refuse(`more than ${mostLevels} levels of \`extends\``);
  const below = follow(to, place, { from: written, source: next, above: known });
  return { files: [written, ...below.files], complete: below.complete };
};

/** The file of a pipeline, which is that of `to`, and all that it extends. */
export const readChain = (to: Complaints, place: PipelineFolder, source: Source): Chain =>
  follow(to, place, { from: undefined, source, above: [] });
