/** The pipelines that a project has without writing any: the text of `pipelines/*.yaml`, equal to it by a test. */

const sitePackages = `# yaml-language-server: $schema=../schemas/pipeline.schema.json
# For targets that have the package installed by pip, portable Pythons included.
name: site-packages
steps:
  - { id: detect, uses: detect }
  # Without a list of components, every component is backed up, and every file component is copied.
  - { id: backup, uses: backup }
  - id: reinstall
    uses: reinstall
    if: "changes.touches('package')"
    timeout: 5m
    retry: { max: 2, backoff: 5s }
  - { id: docs, uses: copy }
  - { id: config, uses: merge-config }
  - { id: verify, uses: verify, with: { suites: [core, integration, docs] } }
  - { id: tag, uses: tag }
on_failure:
  - { uses: diagnose }
  - { uses: rollback }
  - { uses: verify, with: { suites: [core] } }
`;

const source = `# yaml-language-server: $schema=../schemas/pipeline.schema.json
# For targets that have the package installed editable, from a checkout: its clone is brought to the commit of the run.
name: source
steps:
  - { id: detect, uses: detect }
  # Without a list of components, every component is backed up, and every file component is copied.
  - { id: backup, uses: backup }
  - id: reinstall
    uses: reinstall
    if: "changes.touches('package')"
    timeout: 5m
    retry: { max: 2, backoff: 5s }
  - { id: docs, uses: copy }
  - { id: config, uses: merge-config }
  - { id: verify, uses: verify, with: { suites: [core, integration, docs] } }
  - { id: tag, uses: tag }
on_failure:
  - { uses: diagnose }
  - { uses: rollback }
  - { uses: verify, with: { suites: [core] } }
`;

/** YAML by name. Text, not files: one bundle must run from wherever it is put. */
export const builtInPipelines: Readonly<Record<string, string>> = { 'site-packages': sitePackages, source };
