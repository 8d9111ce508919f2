/** Writes the checklist as Markdown; no name or message breaks out of its line. */
import type { ChangeRecord } from './change.ts';
import type { Checklist, ChecklistTarget } from './checklist.ts';

const box = (done: boolean): string => (done ? '- [x]' : '- [ ]');

/** A path as one line of Markdown code, whatever is in its name. */
const code = (path: string): string => {
  const shown = /[\p{Cc}]/u.test(path) ? JSON.stringify(path) : path;
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``;
};

/** A commit's subject may hold anything; here it stays in its line. */
const line = (text: string): string => text.replace(/[\p{Cc}]+/gu, ' ');

const count = (files: number): string => (files === 1 ? '1 file' : `${files} files`);

const filesShown = 10;

const filesOf = (record: ChangeRecord): readonly string[] => {
  const shown = record.files.slice(0, filesShown).map((file) => {
    const moved = file.from === undefined ? '' : ` (was ${code(file.from)})`;
    return `  - ${file.status}: ${code(file.path)}${moved}`;
  });
  const rest = record.files.length - filesShown;
  return rest > 0 ? [...shown, `  - and ${count(rest)} more`] : shown;
};

const renderTarget = (target: ChecklistTarget): readonly string[] => {
  const since = target.base === null ? 'everything' : `since ${target.base.slice(0, 10)}`;
  const lines = [`## ${line(target.name)} (${target.type}, ${since})`, ''];
  for (const remark of [target.unknown, target.note]) if (remark !== null) lines.push(`> ${line(remark)}`, '');
  if (target.back !== null)
    lines.push(`- [ ] ${line(target.back)}: a sync brings it forward again, whatever changed in main`);
  else if (target.concerned.length === 0) lines.push('- [x] nothing to sync: no change reaches this target');
  if (target.concerned.length > 0)
    lines.push(
      `${box(target.backup !== null)} backed up${target.backup === null ? ` as it stands now: lockstep target backup ${target.name} (a sync makes one by itself)` : `: ${target.backup}`}`,
    );
  for (const { record, components } of target.concerned) {
    lines.push(
      `- [ ] **${record.priority}** ${record.category ?? 'no category'}: ${count(record.files.length)} in ${components.join(', ')}; ${line(record.cause)}`,
      ...filesOf(record),
    );
  }
  if (target.others.length > 0) {
    lines.push('', 'Changed without reaching this target:', '');
    for (const record of target.others)
      lines.push(`- ${record.category ?? 'no category'}: ${count(record.files.length)}`);
  }
  return [...lines, ''];
};

/** The checklist as Markdown lines. */
export const renderChecklist = (checklist: Checklist): readonly string[] => [
  `# Sync checklist for ${checklist.commit.slice(0, 10)}`,
  '',
  ...checklist.steps.map((step) => `${box(step.done)} ${step.text}`),
  '',
  '## Changes',
  '',
  ...(checklist.changes.length === 0 ? ['Nothing changed.'] : []),
  ...checklist.changes.map((change) => {
    const reaches = change.targets.length === 0 ? 'no target' : change.targets.map(line).join(', ');
    const rest =
      change.targets.length === 0 || change.unreached === 0 ? '' : ` (${change.unreached} of them no target)`;
    return `- **${change.priority}** ${change.category ?? 'no category'}: ${count(change.files.length)}; concerns ${reaches}${rest}; ${line(change.cause)}`;
  }),
  '',
  ...checklist.targets.flatMap(renderTarget),
];
