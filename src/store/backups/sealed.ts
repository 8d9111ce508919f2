/** JSON files that carry the digest of their own content, so that a flipped bit in them is found. */
import { createHash } from 'node:crypto';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** One line of JSON: `{"sha256": …, "content": …}`; the digest is of the content's bytes as they stand there. */
export const seal = (content: unknown): string => {
  const text = JSON.stringify(content);
  return `{"sha256":"${digest(text)}","content":${text}}\n`;
};

const envelope = /^\{"sha256":"([0-9a-f]{64})","content":/;

/** The content; undefined when it is not exactly what was sealed. */
export const unseal = (text: string): unknown => {
  const found = envelope.exec(text);
  if (found === null || !text.endsWith('}\n')) return undefined;
  const content = text.slice(found[0].length, -2);
  return digest(content) === found[1] ? JSON.parse(content) : undefined;
};
