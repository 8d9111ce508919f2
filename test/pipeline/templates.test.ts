import { expect, it } from 'vitest';
import { runFacts, targetFacts } from '../../src/config/facts.ts';
import { fillTemplate, templateFaults, templateProblems } from '../../src/pipeline/templates.ts';
import { runSample, targetSample } from '../fixtures/fact-samples.ts';

const variables = {
  target: targetFacts(targetSample),
  run: runFacts(runSample),
  env: { EVIL: '"; rm -rf / #\n${{ target.name }} `id` $(id)', USER: 'me' },
};
const dollars = '$';

it.each([
  ['plain', 'plain'],
  ['', ''],
  ['{{ target.name }} $ { }}', '{{ target.name }} $ { }}'],
  [`${dollars}{{ target.path }}/docs`, '/t/x/docs'],
  [`${dollars}{{target.name}}-${dollars}{{run.commit}}`, 'comfy-abc'],
  [`${dollars}{{ target.wave + 1 }} ${dollars}{{ target.hold }} ${dollars}{{ 1.5 }}`, '4 false 1.5'],
  [`${dollars}{{ 1152921504606846976 }}`, '1152921504606846976'],
  [`<${dollars}{{ "}}" }}>`, '<}}>'],
  [`<${dollars}{{ '\\'}}' }}>`, "<'}}>"],
  [`<${dollars}{{ r'\\d' }}>`, '<\\d>'],
  [`<${dollars}{{ '''a'}}''' }}>`, "<a'}}>"],
  [`${dollars}{{ {"a":{"b":1}}.a.b }}`, '1'],
  [`${dollars}{{ '${dollars}{{' }}`, '${{'],
  [`${dollars}{{ target.labels[0] }}`, 'a'],
])('%s becomes %s', (template, expected) => {
  expect(fillTemplate(template, variables)).toBe(expected);
  expect(templateProblems(template)).toEqual([]);
});

it('puts a value in as it is, whatever quotes, newlines and templates it holds', () => {
  expect(fillTemplate(`a ${dollars}{{ env.EVIL }} b`, variables)).toBe(`a ${variables.env.EVIL} b`);
});

it.each([
  ['target.nme', '`target` has no `nme`; did you mean `name`?'],
  ["env['USR']", '`env` has no `USR`; did you mean `USER`?'],
  ['target.labels', 'it gives a list'],
  ['null', 'it gives nothing'],
  ['target', 'no plain value'],
  ['targt.name', 'did you mean `target`?'],
  ["target.name.matches('(a+)+$')", 'refused'],
  ['target.constructor', '`target` has no `constructor`'],
  ['target.labels[7]', 'target.labels[7]'],
  ['1 / 0', 'division by zero'],
])('%s in a template is refused', (source, message) => {
  expect(() => fillTemplate(`x ${dollars}{{ ${source} }}`, variables)).toThrowError(
    expect.objectContaining({ code: 'expression-invalid', message: expect.stringContaining(message) }),
  );
});

it.each([
  [`a ${dollars}{{ target.name`, 2],
  [`a ${dollars}{{ 'x }}`, 2],
  [`a ${dollars}{{ {"a":1 }}`, 2],
  [`a ${dollars}{{ changes.count }}`, 6],
  [`a ${dollars}{{ }} b`, 5],
])('%s has a problem, at its place', (template, start) => {
  const faults = templateFaults(template);
  expect(faults.map(({ range }) => range[0])).toEqual([start]);
  expect(() => fillTemplate(template, variables)).toThrowError(expect.objectContaining({ code: 'expression-invalid' }));
});

it.each([
  ['target.labels', 'it gives a list<string>, where text is needed', 2],
  ['target', 'it gives a Target, where text is needed', 2],
  ['null', 'it gives a null, where text is needed', 2],
  ['[target.name + target.pakage_dir]', '`target` has no `pakage_dir`; did you mean `package_dir`?', 24],
  ['run.ful', '`run` has no `ful`; did you mean `full`?', 6],
  ['target.wave + target.name', 'int and string do not go together with `+`', 2],
])('%s is known to be wrong before a run', (source, message, at) => {
  expect(templateFaults(`\${{${source}}}`).map((fault) => [fault.message, fault.range[0] - 1])).toEqual([
    [message, at],
  ]);
});

it('reads a megabyte of openings at once', () => {
  const started = performance.now();
  expect(templateProblems(`${dollars}{{`.repeat(300_000))).toHaveLength(1);
  expect(performance.now() - started).toBeLessThan(2000);
});
