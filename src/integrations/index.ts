/** The registry of integration types: one line each, in the order in which `target add` tries them. */
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import type { Integration } from './integration.ts';
import { sitePackages } from './site-packages.ts';
import { source } from './source.ts';

export const integrations: readonly Integration[] = [sitePackages, source];

/** The integration of a built-in type. Throws `target-invalid` with the types there are, `more` among them. */
export const integrationOf = (type: string, more: readonly string[] = []): Integration => {
  const found = integrations.find((integration) => integration.name === type);
  if (found !== undefined) return found;
  const names = [...integrations.map((integration) => integration.name), ...more];
  const near = nearestName(type, names);
  throw new LockstepError('target-invalid', `there is no integration type named ${type}`, {
    hint: `${near === undefined ? '' : `did you mean ${near}? `}the types are: ${names.join(', ')}`,
  });
};
