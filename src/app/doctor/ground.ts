/** Finds out what the doctor's checks stand on, each thing once and only when a check asks for it. */
import { LockstepError } from '../../domain/errors.ts';
import { findMain, openMain } from '../main-project.ts';
import type { DoctorGround, FoundBuilder } from './doctor-check.ts';

const once = <Value>(look: () => Promise<Value>): (() => Promise<Value>) => {
  let looked: Promise<Value> | undefined;
  return () => {
    looked ??= look();
    return looked;
  };
};

/** Throws `not-a-main-project` when the folder itself is not there. */
export const doctorGround = (
  request: Pick<DoctorGround, 'ports' | 'dir' | 'env' | 'launcher' | 'version'>,
): DoctorGround => {
  const { ports, dir } = request;
  if (ports.files.stat(dir) === undefined) {
    throw new LockstepError('not-a-main-project', `${dir} is not there`, { hint: 'check the folder given with -C' });
  }
  const main = once(async () => {
    const opened = await openMain(ports, dir);
    // A registry that cannot be read is told once, not by every check that needs it.
    opened.registry.read();
    return opened;
  });
  const site = once(async () => ({ ports, git: await findMain(ports, dir) }));
  const builder = once(async (): Promise<FoundBuilder> => {
    const { name, import: module, builder: named } = (await main()).project.package;
    const candidates = [named, 'python3', 'python'].filter((one) => typeof one === 'string');
    const rejected: LockstepError[] = [];
    for (const candidate of candidates) {
      try {
        const { facts } = await ports.python.inspect(candidate, name, module);
        return { facts, passedOver: named === null ? null : (rejected[0]?.message ?? null) };
      } catch (error) {
        if (!(error instanceof LockstepError)) throw error;
        rejected.push(error);
      }
    }
    throw rejected[0];
  });
  return { ...request, main, site, builder };
};
