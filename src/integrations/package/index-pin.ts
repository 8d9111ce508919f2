/** Installs from an index only what a plan has pinned: name, version, URL and sha256 from pip's own report. */
import { join } from 'node:path';
import { normaliseName } from '../../domain/distributions.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { StoredWheel } from '../../store/wheels.ts';
import type { TargetContext } from '../target-context.ts';
import { wheelIdentity } from './build-wheel.ts';
import {
  canReport,
  type Network,
  type Pip,
  parseReport,
  pipCause,
  pipTail,
  type ReportedInstall,
  runPip,
  withoutCredentials,
} from './pip.ts';

/** The index that the project's package itself comes from: asked even where dependencies may not be fetched. */
export const packageIndex = ({ project }: Pick<TargetContext, 'project'>): Network => ({
  kind: 'on',
  index: project.package.index,
});

const indexName = ({ project }: Pick<TargetContext, 'project'>): string =>
  project.package.index === null ? "pip's index" : withoutCredentials(project.package.index);

const report = async (
  context: TargetContext,
  pip: Pip,
  args: readonly string[],
): Promise<readonly ReportedInstall[]> => {
  const { ports, signal, project } = context;
  if (!canReport(pip)) {
    throw new LockstepError(
      'package-install-failed',
      `pip ${pip.version} cannot say what it would install; pip 22.2 and later can`,
      { hint: `${pip.argv[0]} -m pip install --upgrade pip` },
    );
  }
  const result = await runPip({
    pip,
    args: ['install', '--dry-run', '--quiet', '--report', '-', ...args],
    network: packageIndex(context),
    ports,
    signal,
  });
  if (result.code !== 0) {
    throw new LockstepError(
      'package-install-failed',
      `${project.package.name} cannot be had from ${indexName(context)}: ${pipCause(result)}`,
      { hint: 'check the index in sync.config.yaml and that it can be reached from here', details: pipTail(result) },
    );
  }
  return parseReport(result);
};

/** What an upgrade would install, the package and what it needs; empty when the newest is installed. Throws `package-install-failed`. */
export const pinUpgrade = (context: TargetContext, pip: Pip): Promise<readonly ReportedInstall[]> =>
  report(context, pip, ['--upgrade', context.project.package.name]);

/** The pin of a version, the newest when none is named, whether it is installed or not. */
export const pinAgain = (context: TargetContext, pip: Pip, version?: string): Promise<readonly ReportedInstall[]> => {
  const { name } = context.project.package;
  const requirement = version === undefined ? name : `${name}==${version}`;
  return report(context, pip, ['--ignore-installed', '--no-deps', requirement]);
};

export interface FetchRequest {
  readonly pip: Pip;
  readonly network: Network;
  readonly pins: readonly ReportedInstall[];
}

const keyOf = ({ sha256 }: ReportedInstall): string => `pin:${sha256}`;

/** By key. Throws `package-install-failed`, which can name what failed only where one pin is asked for. */
const fetchInOneGo = async (
  context: TargetContext,
  { pip, network, pins }: FetchRequest,
): Promise<ReadonlyMap<string, StoredWheel>> => {
  const { ports, signal, wheels } = context;
  const out = ports.files.scratch('fetch');
  const requirements = pins.map((pin) => `${pin.name} @ ${pin.url}#sha256=${pin.sha256}`);
  // `wheel`, not `download`: a source distribution is built by the same command.
  const args = ['wheel', '--no-deps', '-w', out, ...requirements];
  const result = await runPip({ pip, args, network, ports, signal });
  const files = ports.files.list(out).filter((entry) => entry.endsWith('.whl'));
  const made = new Map(files.map((file) => [normaliseName(wheelIdentity(file).name), file]));
  const fetched = new Map<string, StoredWheel>();
  for (const pin of pins) {
    const file = made.get(normaliseName(pin.name));
    if (result.code !== 0 || file === undefined) {
      throw new LockstepError(
        'package-install-failed',
        `${pin.name} ${pin.version} cannot be fetched from ${withoutCredentials(pin.url)}: ${pipCause(result)}`,
        { details: pipTail(result) },
      );
    }
    const { version } = wheelIdentity(file);
    fetched.set(keyOf(pin), wheels.keep(keyOf(pin), join(out, file), { name: pin.name, version }));
  }
  return fetched;
};

/** In one go, for starting pip costs more than most wheels; where that fails one by one, so that what is at fault is named. */
const fetchAll = async (context: TargetContext, request: FetchRequest): Promise<ReadonlyMap<string, StoredWheel>> => {
  const { pins } = request;
  try {
    return await fetchInOneGo(context, request);
  } catch (error) {
    if (pins.length === 1 || context.signal.aborted) throw error;
  }
  const fetched = new Map<string, StoredWheel>();
  for (const pin of pins) {
    for (const [key, wheel] of await fetchInOneGo(context, { ...request, pins: [pin] })) fetched.set(key, wheel);
  }
  return fetched;
};

/** The wheels of pins, in their order, from the store or fetched and checked against their sha256. Throws `package-install-failed`. */
export const fetchPins = async (context: TargetContext, request: FetchRequest): Promise<readonly StoredWheel[]> => {
  const { wheels } = context;
  for (const pin of request.pins) {
    if (pin.sha256 === null) {
      throw new LockstepError('package-install-failed', `the index gives no sha256 for ${pin.name} ${pin.version}`, {
        hint: 'use an index that serves sha256 digests (PEP 503), so that what is planned is what is installed',
      });
    }
  }
  const pins = request.pins.filter((pin) => wheels.find(keyOf(pin)) === undefined);
  let running: Promise<ReadonlyMap<string, StoredWheel>> | undefined;
  const fetchOne = async (key: string): Promise<StoredWheel> => {
    running ??= fetchAll(context, { ...request, pins });
    const wheel = (await running).get(key);
    if (wheel === undefined) throw new Error(`${key} was there a moment ago`);
    return wheel;
  };
  return Promise.all(request.pins.map((pin) => wheels.once(keyOf(pin), () => fetchOne(keyOf(pin)))));
};

/** The pin of one distribution in a report. */
export const pinOf = (pins: readonly ReportedInstall[], name: string): ReportedInstall | undefined =>
  pins.find((pin) => normaliseName(pin.name) === normaliseName(name));
