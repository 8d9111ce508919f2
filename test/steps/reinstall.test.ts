import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { integrationOf, integrations } from '../../src/integrations/index.ts';
import { reinstall } from '../../src/steps/reinstall.ts';

describe('the registry of integration types', () => {
  it.each(
    integrations.map((integration) => [integration.name, integration] as const),
  )('holds %s, once, with a summary', (name, integration) => {
    expect(integrationOf(name)).toBe(integration);
    expect(integrations.filter((other) => other.name === name)).toHaveLength(1);
    expect(integration.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('names the types there are when asked for another', () => {
    expect(() => integrationOf('snake')).toThrow(/no integration type named snake/);
    try {
      integrationOf('snake');
    } catch (error) {
      expect(error).toMatchObject({ code: 'target-invalid', hint: expect.stringContaining('site-packages') });
    }
  });
});

describe('the options of reinstall', () => {
  const valid = new Ajv2020().compile(reinstall.with);
  it.each([
    [{}, true],
    [{ on_conflict: 'keep' }, true],
    [{ on_conflict: 'fail' }, true],
    [{ on_conflict: 'ask' }, false],
    [{ force: true }, false],
  ])('%j: %s', (options, expected) => {
    expect(valid(options)).toBe(expected);
  });
});
