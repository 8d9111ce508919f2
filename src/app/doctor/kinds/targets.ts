/** Whether each target is where the registry says, and can take what its pipeline brings. */
import { LockstepError } from '../../../domain/errors.ts';
import type { TargetLayout, TargetRecord } from '../../../domain/target.ts';
import { pipelineFor } from '../../../domain/team-types.ts';
import { openReceipts } from '../../../store/receipts.ts';
import { readVerify } from '../../../store/runs.ts';
import { layoutOf } from '../../layouts.ts';
import { pipelineNamed } from '../../main-pipelines.ts';
import type { MainProject } from '../../main-project.ts';
import { broken, type DoctorCheck, type Finding, fine, warning } from '../doctor-check.ts';

const takesPackage = (main: MainProject, record: TargetRecord): boolean =>
  pipelineNamed(main, pipelineFor(main.project, record)).steps.some(({ uses }) => uses === 'reinstall');

const pythonTroubles = (record: TargetRecord, { python, pythonCause }: TargetLayout): readonly Finding[] => {
  const { name: subject } = record;
  if (python === null || pythonCause !== null) {
    return [
      broken(`its Python cannot be used: ${pythonCause ?? 'none was found'}`, {
        subject,
        mend: `lockstep target update ${subject} --python <path>`,
      }),
    ];
  }
  if (python.externallyManaged) {
    return [
      broken(`${python.executable} belongs to the operating system: nothing is installed there`, {
        subject,
        mend: `lockstep target update ${subject} --python <path>`,
      }),
    ];
  }
  if (python.pip !== null) return [];
  return [
    warning(`${python.executable} has no pip: another Python's has to install for it`, {
      subject,
      mend: `${python.executable} -m ensurepip`,
    }),
  ];
};

const seen = ({ type, python }: TargetLayout, record: TargetRecord): string =>
  [
    record.type === type ? type : `${record.type} (${type})`,
    ...(python === null ? [] : [`Python ${python.version}`, ...(python.pip === null ? [] : [`pip ${python.pip}`])]),
    ...(record.hold === true ? ['on hold'] : []),
  ].join(', ');

const findingsOf = async (main: MainProject, record: TargetRecord): Promise<readonly Finding[]> => {
  const { name: subject } = record;
  const layout = await layoutOf(main, record);
  // Throws for one that cannot be read, or that a newer Lockstep wrote.
  openReceipts(main.ports).read(layout.roots, main.project.id);
  const failed = readVerify(main.ports, main.state, subject)?.outcome === 'failed';
  const troubles = [
    ...(takesPackage(main, record) ? pythonTroubles(record, layout) : []),
    ...(failed
      ? [warning('its last verification failed', { subject, mend: `lockstep sync verify --target ${subject}` })]
      : []),
  ];
  return troubles.length === 0 ? [fine(seen(layout, record), { subject })] : troubles;
};

const looked = async (main: MainProject, record: TargetRecord): Promise<readonly Finding[]> => {
  try {
    return await findingsOf(main, record);
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    return [broken(error.message, { subject: record.name, mend: error.hint ?? null })];
  }
};

export const targets: DoctorCheck = {
  name: 'targets',
  summary: 'each registered target',
  look: async ({ main: open }) => {
    const main = await open();
    const records = main.registry.read().targets;
    if (records.length === 0) {
      const mend = 'lockstep target add <name> --path <folder>';
      return [warning('none is registered: there is nothing to sync', { mend })];
    }
    const findings: Finding[] = [];
    for (const record of records) findings.push(...(await looked(main, record)));
    return findings;
  },
};
