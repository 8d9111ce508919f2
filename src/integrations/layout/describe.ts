/** Says in plain lines what was found in a target and why, for `target add` to show. */
import { basename, join, relative } from 'node:path';
import { isInside } from '../../domain/paths.ts';
import { dirAt, importPath, type Wanted } from '../../domain/sites.ts';
import type { Installation, TargetLayout } from '../../domain/target.ts';
import type { Files } from '../../ports.ts';
import type { ExaminedPython } from './choose-python.ts';
import type { Candidate } from './interpreters.ts';
import type { Checkout } from './roots.ts';

export interface Findings {
  readonly project: Wanted;
  readonly chosen: ExaminedPython | undefined;
  readonly others: readonly Candidate[];
  /** The folder that an editable install points to, as it was written. */
  readonly location: string | undefined;
  readonly checkout: Checkout | undefined;
}

type Show = (path: string) => string;

const describeCopy = ({ name, version, site, distInfo, editable }: Installation, show: Show): string => {
  const what = version === '' ? name : `${name} ${version}`;
  return editable === undefined
    ? `${what} in ${show(site)} (${basename(distInfo)})`
    : `${what}, editable by ${editable.how === 'pth' ? '.pth' : editable.how}, from ${show(editable.checkout)}`;
};

const pythonLines = (layout: TargetLayout, chosen: ExaminedPython | undefined, show: Show): string[] => {
  const { python, pythonCause } = layout;
  if (chosen === undefined || python === null) return [pythonCause ?? 'no Python'];
  const version = python.version === '' ? 'of unknown version' : python.version;
  const head = `Python ${version}, ${show(python.executable)}: ${chosen.candidate.why}`;
  const pip = python.pip === null ? 'no pip in it' : `pip ${python.pip}`;
  const known = chosen.cause === null ? [] : [`it was read from its files: ${chosen.cause}`];
  const refused = chosen.cause === null && pythonCause !== null ? [pythonCause] : [];
  return [head, pip, ...known, ...refused, ...chosen.notes];
};

const copyLines = (files: Files, layout: TargetLayout, project: Wanted, show: Show): string[] => {
  const [winner, ...rest] = layout.installations;
  const place = layout.site === null ? undefined : dirAt(files, join(layout.site, importPath(project.importName)));
  const claimed = layout.installations.some((one) => one.packageDir === place);
  // Copied by hand, or left behind by an older tool: importable, and known to no package manager.
  const stray = place === undefined || claimed ? [] : [`${show(place)} is there, but no package manager put it there`];
  if (winner === undefined) return [`${project.packageName} is not installed`, ...stray];
  const shadowed = rest.map((one) => `${describeCopy(winner, show)} shadows ${describeCopy(one, show)}`);
  const shadowing = stray.length > 0 && winner.editable !== undefined ? ['it may shadow the editable install'] : [];
  return [describeCopy(winner, show), ...shadowed, ...stray, ...shadowing];
};

const checkoutLines = ({ location, checkout }: Findings, show: Show): string[] => {
  if (location === undefined) return [];
  if (checkout === undefined) return [`the checkout ${location} is not on this machine`];
  if (checkout.linkedToMain) {
    return [`the checkout ${checkout.path} is the main project itself: linked, never written`];
  }
  return [
    checkout.isClone ? `the checkout is ${show(checkout.path)}` : `${show(checkout.path)} is no clone of its own`,
  ];
};

/** One line a fact; paths inside the target are shown relative to it. */
export const describeLayout = (files: Files, layout: TargetLayout, findings: Findings): readonly string[] => {
  const { target, python, checkout } = layout.roots;
  const show: Show = (path) => (isInside(target, path) ? relative(target, path) || '.' : path);
  return [
    ...pythonLines(layout, findings.chosen, show),
    ...copyLines(files, layout, findings.project, show),
    ...checkoutLines(findings, show),
    ...findings.others.map((other) => `not used: ${other.why} (${show(other.prefix)})`),
    ...[python, checkout].flatMap((root) =>
      root === undefined ? [] : [`outside its folder, writes go under ${root}`],
    ),
  ];
};
