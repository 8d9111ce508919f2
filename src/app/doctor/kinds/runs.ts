/** Whether a run was cut off anywhere and waits to be undone. */

import type { WaitingJournal } from '../../../store/journal.ts';
import { rootLockPaths } from '../../../store/lock.ts';
import { readHolder } from '../../../store/lock-file.ts';
import type { MainProject } from '../../main-project.ts';
import { waitingRuns } from '../../recover.ts';
import { leftBehind, recoverAll } from '../../recover-all.ts';
import { workUnderWay } from '../../under-way.ts';
import { broken, type DoctorCheck, type Finding, fine } from '../doctor-check.ts';

const mend = 'lockstep sync recover';

/** Whether the process that writes a journal is certainly gone, as far as the locks of its roots tell. */
const ownerGone = ({ ports }: MainProject, { roots }: WaitingJournal): boolean =>
  roots.every((target) =>
    rootLockPaths({ target }).every((path) => {
      const holder = readHolder(ports, path);
      return holder === undefined || (holder.facts !== undefined && ports.identity.alive(holder.facts) === 'dead');
    }),
  );

const cutOff = (subject: string, cause: string): Finding => broken(cause, { subject, mend, mendable: true });

export const runs: DoctorCheck = {
  name: 'runs',
  summary: 'runs that were cut off',
  look: async ({ main: open }) => {
    const main = await open();
    const waiting = waitingRuns(main);
    const records = main.registry.read().targets;
    const findings = records.flatMap((record): readonly Finding[] => {
      const { name: subject } = record;
      const busy = workUnderWay(main, record);
      if (busy !== undefined) return [fine(busy, { subject })];
      const own = waiting.filter(({ target }) => target === subject);
      // A journal is there from a run's first write to its end: one that is being written belongs to who holds the lock.
      if (own.some((journal) => !ownerGone(main, journal))) return [fine('another process is at work', { subject })];
      if (own[0] !== undefined) return [cutOff(subject, `run ${own[0].run} was cut off, and waits to be undone`)];
      return leftBehind(main, record) ? [cutOff(subject, 'a run was cut off here')] : [];
    });
    const strays = waiting
      .filter(({ target }) => !records.some(({ name }) => name === target))
      .filter((journal) => ownerGone(main, journal))
      .map(({ target, run }) => cutOff(target, `run ${run} was cut off; the target is not registered any more`));
    const all = [...findings, ...strays];
    return all.length === 0 ? [fine('none was cut off')] : all;
  },
  mend: async ({ main }) =>
    (await recoverAll(await main())).flatMap(({ target, lines, error }) =>
      error === null
        ? lines.map((line) => `${target}: ${line}`)
        : [`${target}: could not be recovered: ${error.message}`],
    ),
};
