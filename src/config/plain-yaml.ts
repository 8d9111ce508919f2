/** Reads YAML into plain values, without places and without complaints: for names that are only offered, never acted on. */
import { parse } from 'yaml';

/** Throws the parser's own error for what is no YAML. */
export const plainYaml = (text: string): unknown => parse(text, { logLevel: 'silent' });
