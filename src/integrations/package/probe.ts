/** Asks an interpreter for its version, its pip and which build requirements it lacks, in one process. */
import { LockstepError } from '../../domain/errors.ts';
import type { TargetContext } from '../target-context.ts';

/** What an interpreter says of itself as a builder. */
export interface Probe {
  readonly executable: string;
  readonly version: string;
  readonly pip: string | null;
  /** Build requirements that are not installed there. */
  readonly missing: readonly string[];
}

// The requirements' grammar and markers are pip's own business: its vendored library reads them.
const script = `
import json, sys
facts = {"executable": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3], "pip": None, "missing": []}
wanted = json.loads(sys.argv[1])
try:
    import pip
    facts["pip"] = pip.__version__
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.version import Version
    from importlib import metadata
    def installed(name):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None
    for text in wanted:
        need = Requirement(text)
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        found = installed(need.name)
        if found is None:
            facts["missing"].append(text)
        elif not need.specifier.contains(found, prereleases=True):
            facts["missing"].append("%s (%s is there)" % (text, found))
        elif need.name == "setuptools" and Version(found) < Version("70.1") and installed("wheel") is None:
            facts["missing"].append("wheel (or setuptools 70.1; %s is there)" % found)
except ImportError:
    facts["missing"] = wanted
print(json.dumps(facts))
`;

type ProbeContext = Pick<TargetContext, 'ports' | 'signal'>;

/** Asks an interpreter; a string says why it cannot be used. */
export const probe = async (
  { ports, signal }: ProbeContext,
  executable: string,
  requires: readonly string[],
): Promise<Probe | string> => {
  // Outside: a disk that is full says nothing of the interpreter.
  const cwd = ports.files.scratch('probe');
  try {
    const result = await ports.processes.run({
      argv: [executable, '-c', script, JSON.stringify(requires)],
      cwd,
      timeout: 30_000,
      signal,
      as: 'python',
    });
    signal.throwIfAborted();
    if (result.code !== 0) return `${executable} does not run`;
    return JSON.parse(result.stdout.toString('utf8')) as Probe;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LockstepError || error instanceof SyntaxError) return `${executable} does not run`;
    throw error;
  }
};
