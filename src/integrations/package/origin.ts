/** Tells who installed a package and from where, from what its dist-info folder says (PEP 376, PEP 610). */
import { join } from 'node:path';
import { parseDirectUrl } from '../../domain/distributions.ts';
import type { Files } from '../../ports.ts';
import type { InstalledCopy } from './installed.ts';

export type Origin =
  /** The wheel store's own: Lockstep put it there, for this target or for another one of the same Python. */
  | { readonly kind: 'lockstep' }
  /** By name, from an index; `staged`: as Lockstep does it, for this target or for another one of the same Python. */
  | { readonly kind: 'index'; readonly staged: boolean }
  | { readonly kind: 'wheel'; readonly sha256: string }
  | { readonly kind: 'folder' }
  /** `from` is the folder that it leads to; null when that cannot be told. */
  | { readonly kind: 'editable'; readonly from: string | null }
  /** What would say it is lost or damaged. */
  | { readonly kind: 'unknown' };

/** pip lists the bytecode that it compiles; what Lockstep staged lists none. */
const hasBytecode = (record: string): boolean => /\.pyc"?,/.test(record);

const textAt = (files: Files, path: string): string | undefined =>
  files.stat(path)?.kind === 'file' ? files.readText(path) : undefined;

/** The store keeps a wheel in a folder named by its digest. */
const isStored = (text: string, sha256: string): boolean => {
  const { url } = JSON.parse(text) as { readonly url?: unknown };
  return typeof url === 'string' && new RegExp(`/${sha256}/[^/]+\\.whl$`).test(url);
};

/** Reads two small files; starts nothing. */
export const originOf = (files: Files, { distInfo, wheel, files: listed }: InstalledCopy): Origin => {
  const path = join(distInfo, 'direct_url.json');
  const text = textAt(files, path);
  const record = textAt(files, join(distInfo, 'RECORD'));
  if (record === undefined) return { kind: 'unknown' };
  if (text === undefined) {
    if (listed.some(({ absolute }) => absolute === path)) return { kind: 'unknown' };
    const installer = textAt(files, join(distInfo, 'INSTALLER'))?.trim();
    return { kind: 'index', staged: installer === 'pip' && !hasBytecode(record) };
  }
  const direct = parseDirectUrl(text);
  if (direct === undefined) return { kind: 'unknown' };
  if (direct.editable) return { kind: 'editable', from: direct.path };
  if (wheel === null) return { kind: 'folder' };
  return isStored(text, wheel) ? { kind: 'lockstep' } : { kind: 'wheel', sha256: wheel };
};
