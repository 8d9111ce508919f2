/** `target drill`: tries a rollback of a target in scratch, and tells what it proved. */
import { chooseTargets } from '../../app/choose-targets.ts';
import { type DrillReport, drill } from '../../app/drill.ts';
import type { DrillPart } from '../../domain/drill.ts';
import type { Call } from '../call.ts';
import { requiredChoice } from '../choice.ts';
import { askTrust } from '../trust-question.ts';
import { verdictCode } from '../verdict.ts';

const titles: Readonly<Record<DrillPart['name'], string>> = {
  restore: 'restored into an empty folder',
  live: 'compared with the target',
  package: 'package',
};

const shownDetails = 10;

const partLines = ({ paint }: Call, { name, outcome, cause, details }: DrillPart): readonly string[] => {
  const signs = {
    passed: paint.good('✓'),
    failed: paint.bad('✗'),
    'could-not-run': paint.look('!'),
    nothing: paint.dim('-'),
  };
  const left = details.length - shownDetails;
  const lines = outcome === 'passed' && name !== 'live' ? [] : details.slice(0, shownDetails);
  return [
    `  ${signs[outcome]} ${titles[name]}: ${cause}`,
    ...lines.map((line) => `      ${line}`),
    ...(lines.length > 0 && left > 0 ? [`      … and ${left} more`] : []),
  ];
};

const reportLines = (call: Call, { target, last, proven }: DrillReport): readonly string[] => {
  const { paint } = call;
  const before = proven === null ? 'no rollback of it was proven yet' : `it was last proven by ${proven.backup}`;
  const verdicts = {
    passed: `${paint.good('rollback proven')} by ${last.backup}`,
    failed: `${paint.bad('rollback not proven')}: the drill failed; ${before}`,
    'could-not-run': `${paint.look('rollback not proven')}: the drill could not run; ${before}`,
  };
  return [`${paint.strong(target)} ${verdicts[last.outcome]}`, ...last.parts.flatMap((part) => partLines(call, part))];
};

/** One target's failure hides no other's drill. Exits with 4 when some were not proven, 5 when none was. */
export const runDrill = async (
  call: Call,
  names: readonly string[],
  options: { readonly all?: boolean },
): Promise<number> => {
  const targets = requiredChoice({ names, all: options.all === true, allFlag: '--all', command: 'target drill' });
  const main = await call.main();
  const { signal, env } = call.world;
  const reports: DrillReport[] = [];
  for (const { name } of chooseTargets(main.registry.read().targets, targets)) {
    reports.push(await drill(main, { target: name, ...askTrust(call), signal, env }));
  }
  call.answer(
    { kind: 'drill', passed: reports.every(({ last }) => last.outcome === 'passed'), targets: reports },
    reports.length === 0
      ? ['no target is registered: nothing to try']
      : reports.flatMap((report) => reportLines(call, report)),
  );
  return verdictCode(reports.map(({ last }) => ({ passed: last.outcome === 'passed', error: null })));
};
