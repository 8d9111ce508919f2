/** Finds the bytes of planned files, from wherever planning said they come. */
import { LockstepError } from '../domain/errors.ts';
import type { Content } from '../domain/plan.ts';
import type { TargetContext } from '../integrations/target-context.ts';

/** Throws `object-missing`, `backup-damaged`. */
export const bytesOf = (
  context: TargetContext,
  contents: ReadonlyMap<string, Content>,
): ((sha256: string) => Promise<Uint8Array>) => {
  let blobs: Promise<ReadonlyMap<string, Buffer>> | undefined;
  const wanted = [...contents.values()].flatMap((content) => (content.from === 'blob' ? [content.blob] : []));
  return async (digest) => {
    const content = contents.get(digest);
    if (content === undefined) throw new Error(`no content was planned for ${digest}`);
    switch (content.from) {
      case 'bytes':
        return content.bytes;
      case 'file':
        return context.ports.files.read(content.path);
      case 'backup':
        return context.backups.read(content.sha256);
      case 'blob': {
        blobs ??= context.main.read(wanted);
        const bytes = (await blobs).get(content.blob);
        if (bytes === undefined) throw new LockstepError('object-missing', `main has no object ${content.blob}`);
        return bytes;
      }
    }
  };
};
