import { expect, it } from 'vitest';
import { fillTemplate, templateFaults, templateProblems } from '../../src/pipeline/templates.ts';

const variables = {
  target: { name: 'comfy', path: '/t/x', count: 3, big: 2n ** 60n, on: true, nothing: null, labels: ['a'] },
  run: { commit: 'abc' },
  env: { EVIL: '"; rm -rf / #\n${{ target.name }} `id` $(id)', USER: 'me' },
};
const dollars = '$';

it.each([
  ['plain', 'plain'],
  ['', ''],
  ['{{ target.name }} $ { }}', '{{ target.name }} $ { }}'],
  [`${dollars}{{ target.path }}/docs`, '/t/x/docs'],
  [`${dollars}{{target.name}}-${dollars}{{run.commit}}`, 'comfy-abc'],
  [`${dollars}{{ target.count + 1 }} ${dollars}{{ target.on }} ${dollars}{{ 1.5 }}`, '4 true 1.5'],
  [`${dollars}{{ target.big }}`, '1152921504606846976'],
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
  ['target.nothing', 'it gives nothing'],
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

it('reads a megabyte of openings at once', () => {
  const started = performance.now();
  expect(templateProblems(`${dollars}{{`.repeat(300_000))).toHaveLength(1);
  expect(performance.now() - started).toBeLessThan(2000);
});
