/** The suites that a project has without writing any; one that it writes takes the place of the one with its name. */
import type { CheckSpec, PackageSpec, Project } from '../domain/project.ts';

const check = (uses: string, name: string, options: CheckSpec['with'] = {}): CheckSpec => ({
  name,
  uses,
  with: options,
});

const packageChecks: readonly CheckSpec[] = [
  check('package-record', 'the installed files are whole'),
  check('import', 'the package can be imported'),
  check('pip-check', 'its requirements are met'),
];

/** By name, in the order in which they are shown. */
export const suitesOf = ({
  suites,
  package: spec,
}: Pick<Project, 'suites'> & { readonly package: Pick<PackageSpec, 'from' | 'path'> }): Readonly<
  Record<string, readonly CheckSpec[]>
> => ({
  core: spec.from === 'local' && spec.path === null ? [] : packageChecks,
  integration: [check('config-parses', 'configuration files are valid')],
  docs: [
    check('complete', 'documents are complete'),
    // Nobody chose what these documents link to: a link to a file that is not copied is told, and stops nothing.
    check('links', 'no broken links', { outside: 'list' }),
  ],
  features: [],
  preflight: [],
  ...suites,
});
