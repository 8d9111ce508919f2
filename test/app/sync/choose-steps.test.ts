import { describe, expect, it } from 'vitest';
import { checkStepWords, chooseSteps, type StepChoice } from '../../../src/app/sync/choose-steps.ts';
import type { Condition, Pipeline, PipelineStep } from '../../../src/pipeline/pipeline.ts';

const step = (id: string, uses = id, more: Partial<PipelineStep> = {}): PipelineStep => ({
  id,
  uses,
  with: {},
  env: {},
  continueOnError: false,
  origin: { file: 'p.yaml', line: 1 },
  ...more,
});

const when = (source: string): Condition => ({ source, needsOutputs: true, holds: () => true });

const pipeline = (steps: readonly PipelineStep[], more: Partial<Pipeline> = {}): Pipeline => ({
  name: 'p',
  file: 'p.yaml',
  steps,
  onFailure: [],
  always: [],
  ...more,
});

const usual = pipeline([
  step('detect'),
  step('backup'),
  step('docs', 'copy'),
  step('config', 'merge-config'),
  step('verify'),
  step('tag'),
]);

const kept = (all: Pipeline, choice: StepChoice): readonly string[] =>
  chooseSteps(all, choice).pipeline.steps.map(({ id }) => id);

describe('--only and --skip', () => {
  it('name steps by id or by kind', () => {
    expect(kept(usual, { only: ['backup', 'copy'] })).toEqual(['backup', 'docs']);
    expect(kept(usual, { skip: ['merge-config', 'tag'] })).toEqual(['detect', 'backup', 'docs', 'verify']);
    expect(kept(usual, { only: ['backup', 'docs', 'config'], skip: ['config'] })).toEqual(['backup', 'docs']);
    expect(kept(usual, {})).toHaveLength(6);
  });

  it('say in the plan what is left out and by which word', () => {
    expect(chooseSteps(usual, { skip: ['verify'] }).left).toMatchObject([
      { id: 'verify', skipped: 'left out: --skip names it' },
    ]);
    expect(chooseSteps(usual, { only: ['backup', 'docs'] }).left.map(({ skipped }) => skipped)).toEqual(
      Array(4).fill('left out: --only does not name it'),
    );
  });

  it.each<[StepChoice, boolean]>([
    [{ skip: ['verify', 'tag'] }, true],
    [{ skip: ['docs'] }, false],
    [{ only: ['backup', 'docs'] }, false],
  ])('a receipt claims the whole commit only when nothing that changes the target was left out: %o', (choice, complete) => {
    expect(chooseSteps(usual, choice).complete).toBe(complete);
  });

  it('a program that was not started is nothing that a receipt could claim', () => {
    const all = pipeline([step('backup'), step('docs', 'copy'), step('own', 'run', { with: { argv: ['true'] } })]);
    expect(chooseSteps(all, { skip: ['own'] }).complete).toBe(false);
  });

  it.each<[string, Pipeline, StepChoice, string, string]>([
    ['a backup that is needed', usual, { skip: ['backup'] }, 'backup cannot be left out: docs changes', 'keep backup'],
    [
      'only what needs one',
      usual,
      { only: ['docs', 'config'] },
      'backup cannot be left out',
      '--only backup,docs,config',
    ],
    [
      'a program that writes, without one',
      pipeline([step('backup'), step('own', 'run', { with: { argv: ['x'], writes: ['a/**'] } })]),
      { only: ['own'] },
      'own changes the target',
      '--only backup,own',
    ],
    [
      'nothing that changes anything',
      usual,
      { only: ['verify'] },
      'nothing is left to sync: verify alone',
      'sync verify',
    ],
    ['everything', usual, { skip: usual.steps.map(({ id }) => id) }, 'nothing is left to sync: no step', 'sync verify'],
    [
      'outputs that a condition reads',
      pipeline([
        step('backup'),
        step('ask', 'run'),
        step('docs', 'copy', { if: when('steps.ask.outputs.ok == true') }),
      ]),
      { skip: ['ask'] },
      'ask cannot be left out: docs reads what it gives',
      'leave docs out too',
    ],
    [
      'outputs that a template reads',
      pipeline([
        step('backup'),
        step('as-k', 'run'),
        step('docs', 'copy'),
        step('own', 'run', { with: { argv: ['echo', "${{ steps['as-k'].outputs.x }}"] } }),
      ]),
      { skip: ['as-k'] },
      'as-k cannot be left out: own reads',
      'keep as-k',
    ],
    [
      'outputs that are read after a failure',
      pipeline([step('backup'), step('ask', 'run'), step('docs', 'copy')], {
        onFailure: [step('tell', 'run', { env: { X: '${{ steps.ask.outputs.x }}' } })],
      }),
      { skip: ['ask'] },
      'ask cannot be left out: tell reads',
      'keep ask',
    ],
  ])('refuse to leave out %s', (_, all, choice, said, hint) => {
    expect(() => chooseSteps(all, choice)).toThrow(expect.objectContaining({ code: 'usage' }));
    try {
      chooseSteps(all, choice);
    } catch (error) {
      expect(String(error)).toContain(said);
      expect((error as { hint: string }).hint).toContain(hint);
    }
  });

  it('a step of nearly the same name is not read', () => {
    const all = pipeline([
      step('backup'),
      step('ask', 'run'),
      step('ask2', 'run'),
      step('docs', 'copy', { if: when('steps.ask2.outputs.ok') }),
    ]);
    expect(kept(all, { skip: ['ask'] })).toEqual(['backup', 'ask2', 'docs']);
  });
});

describe('words that mean no step', () => {
  const other = pipeline([step('backup'), step('nodes', 'copy')], { name: 'other' });

  it('are refused with the nearest one', () => {
    expect(() => checkStepWords([usual], { only: ['veryfy'] })).toThrow(
      expect.objectContaining({ code: 'usage', hint: 'did you mean verify?' }),
    );
    expect(() => checkStepWords([usual, other], { skip: ['node'] })).toThrow(
      expect.objectContaining({ hint: 'did you mean nodes?' }),
    );
  });

  it('of --only must be known to every pipeline, of --skip to one', () => {
    expect(() => checkStepWords([usual, other], { only: ['nodes'] })).toThrow('the pipeline p has no step nodes');
    expect(() => checkStepWords([usual, other], { skip: ['nodes'] })).not.toThrow();
  });
});
