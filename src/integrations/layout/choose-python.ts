/** Picks the Python that a target uses from those that its folder holds, asking each until one answers for the package. */
import { isAbsolute, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { findInstallations } from '../../domain/installations.ts';
import type { Wanted } from '../../domain/sites.ts';
import type { Installation, PythonFacts } from '../../domain/target.ts';
import type { Ports } from '../../ports.ts';
import { type Candidate, candidateOf, findInterpreters } from './interpreters.ts';
import { readPython } from './static-python.ts';

/** A Python that was asked, or read from its files. */
export interface ExaminedPython {
  readonly candidate: Candidate;
  readonly facts: PythonFacts;
  readonly installations: readonly Installation[];
  /** Why it could not be asked; null when it answered. */
  readonly cause: string | null;
  readonly notes: readonly string[];
  /** Libraries without any interpreter or sign of one: a site-packages folder and no more. */
  readonly bare: boolean;
}

export interface Choice {
  readonly chosen: ExaminedPython | undefined;
  /** Candidates that were passed over. */
  readonly others: readonly Candidate[];
  /** What kept candidates from being examined at all. */
  readonly refusals: readonly string[];
}

const examine = async (
  { files, python }: Pick<Ports, 'files' | 'python'>,
  candidate: Candidate,
  project: Wanted,
): Promise<ExaminedPython | LockstepError> => {
  const { executable, prefix } = candidate;
  let refusal = new LockstepError('python-unusable', `${prefix} holds no interpreter`);
  if (executable !== null) {
    try {
      const report = await python.inspect(executable, project.packageName, project.importName);
      return { candidate, ...report, cause: null, notes: [], bare: false };
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code !== 'python-unusable') throw error;
      refusal = error;
    }
  }
  const read = isAbsolute(prefix) ? readPython(files, candidate) : undefined;
  if (read === undefined) return refusal;
  return {
    candidate,
    facts: read.facts,
    installations: findInstallations(files, read.path, project),
    cause: refusal.message,
    notes: read.notes,
    bare: executable === null && files.stat(join(prefix, 'pyvenv.cfg')) === undefined,
  };
};

/** The Python that holds the package goes first, then one that runs; among equals the order of the places decides. */
const worth = ({ installations, cause }: ExaminedPython): number =>
  (installations.length > 0 ? 2 : 0) + (cause === null ? 1 : 0);

/** Throws `python-unusable` when a named interpreter neither runs nor can be read from its files. */
export const choosePython = async (
  ports: Pick<Ports, 'files' | 'python'>,
  target: string,
  request: { readonly project: Wanted; readonly python?: string },
): Promise<Choice> => {
  if (request.python !== undefined) {
    const examined = await examine(ports, candidateOf(request.python), request.project);
    if (examined instanceof LockstepError) throw examined;
    return { chosen: examined, others: [], refusals: [] };
  }
  const candidates = findInterpreters(ports.files, target);
  const refusals: string[] = [];
  let chosen: ExaminedPython | undefined;
  for (const candidate of candidates) {
    const examined = await examine(ports, candidate, request.project);
    if (examined instanceof LockstepError) {
      refusals.push(examined.message);
      continue;
    }
    if (chosen === undefined || worth(examined) > worth(chosen)) chosen = examined;
    if (worth(chosen) === 3) break;
  }
  return { chosen, others: candidates.filter((candidate) => candidate !== chosen?.candidate), refusals };
};
