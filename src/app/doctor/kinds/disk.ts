/** Whether there is room where Lockstep keeps its state and where it writes. */
import { dirname } from 'node:path';
import type { Ports } from '../../../ports.ts';
import { targetPath } from '../../layouts.ts';
import { broken, type DoctorCheck, type Finding, fine, unknown, warning } from '../doctor-check.ts';

/** Under this not even a small run has room for its backup, its staging and its journal. */
const tooLittle = 100 * 2 ** 20;

/** Under this a package with its dependencies may not fit. */
const little = 2 ** 30;

const amount = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.floor(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** The nearest folder that is there: the state's comes with the first run. */
const standing = ({ files }: Pick<Ports, 'files'>, path: string): string =>
  files.real(path) ?? (dirname(path) === path ? path : standing({ files }, dirname(path)));

const room = (ports: Ports, path: string): Finding => {
  const bytes = ports.machine?.freeBytes(path);
  if (bytes === undefined) return unknown('how much room there is cannot be told', { subject: path });
  const cause = `${amount(bytes)} free`;
  const mend = 'make room: lockstep backup prune --dry-run shows which backups could go';
  if (bytes < tooLittle) return broken(cause, { subject: path, mend });
  return bytes < little ? warning(cause, { subject: path, mend }) : fine(cause, { subject: path });
};

export const disk: DoctorCheck = {
  name: 'disk',
  summary: 'room for the state and for targets, once for each disk',
  look: async ({ ports, main: open }) => {
    const main = await open();
    const places = [main.state.dir, ...main.registry.read().targets.map((record) => targetPath(main, record))];
    const byDevice = new Map<number, string>();
    for (const path of places.map((place) => standing(ports, place))) {
      const device = ports.files.stat(path)?.dev;
      if (device !== undefined && !byDevice.has(device)) byDevice.set(device, path);
    }
    return [...byDevice.values()].map((path) => room(ports, path));
  },
};
