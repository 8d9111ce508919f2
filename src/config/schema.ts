/** The schema objects as the JSON Schema files that editors read. */
import type { TSchema } from '@sinclair/typebox';
import { configSchema } from './config-schema.ts';
import { eventSchema } from './event-schema.ts';
import { pipelineSchema } from './pipeline-schema.ts';
import { planSchema } from './plan-schema.ts';
import { receiptSchema } from './receipt-schema.ts';
import { registrySchema } from './registry-schema.ts';

const file = (title: string, schema: TSchema): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title,
  // Without the marks that TypeBox keeps under symbols.
  ...(JSON.parse(JSON.stringify(schema)) as object),
});

/** File name under `schemas/` to its content; made anew on each call. */
export const jsonSchemas = (): Record<string, object> => ({
  'sync.config.schema.json': file('sync.config.yaml', configSchema),
  'pipeline.schema.json': file('pipelines/*.yaml', pipelineSchema),
  'registry.schema.json': file('registry.json', registrySchema),
  'plan.schema.json': file('a plan, as sync plan --out writes it', planSchema),
  'events.schema.json': file('events.ndjson, and the lines of --json', eventSchema),
  'receipt.schema.json': file('.lockstep/receipts/*.json', receiptSchema),
});
