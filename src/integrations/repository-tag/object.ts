/** Makes the object of a planned tag, as `git tag` in that repository would: named, dated, and signed where git is configured so. */
import { join } from 'node:path';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { toRooted } from '../../domain/paths.ts';
import { type Content, type FileAction, type RefAction, type TagAction, tagNameOf } from '../../domain/plan.ts';
import { askGit, runGit } from '../checkout/git.ts';
import type { TagGround } from '../repository-tag.ts';

export interface MadeTag {
  /** The object, where it is not there yet, and the ref: in this order. */
  readonly actions: readonly (FileAction | RefAction)[];
  /** Where the object's bytes come from, by sha256. */
  readonly contents: ReadonlyMap<string, Content>;
}

/** What that repository's configuration says of who tags and how it is signed, includes and all. */
const taggerSettings = async (ground: TagGround, repository: string): Promise<readonly string[]> => {
  const args = ['config', '-z', '--get-regexp', '^(user|committer|gpg|tag)\\.'];
  const listed = (await askGit(ground, { cwd: repository, args })) ?? '';
  return listed
    .split('\0')
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      const end = entry.indexOf('\n');
      // A key without a value stands for true.
      return ['-c', end === -1 ? entry : `${entry.slice(0, end)}=${entry.slice(end + 1)}`];
    });
};

/** A machine without a name for its user, such as one that builds, tags all the same. */
const nameless = { GIT_COMMITTER_NAME: 'Lockstep', GIT_COMMITTER_EMAIL: 'lockstep@localhost' };

/**
 * Makes the tag in a repository of its own in scratch, which borrows the objects of the target's: nothing is written
 * there before the transaction does. Throws `process-failed`, such as when it cannot be signed.
 */
export const makeTag = async (ground: TagGround, action: TagAction): Promise<MadeTag> => {
  const { files } = ground.ports;
  const { repository, ref, before, commit, message } = action;
  const ask = async (...args: string[]): Promise<string> =>
    (await runGit(ground, { cwd: repository, args })).replace(/\n$/, '');
  const format = await ask('rev-parse', '--show-object-format');
  const objects = await ask('rev-parse', '--path-format=absolute', '--git-path', 'objects');
  const settings = await taggerSettings(ground, repository);
  const named = (await askGit(ground, { cwd: repository, args: ['var', 'GIT_COMMITTER_IDENT'] })) !== undefined;
  const scratch = files.scratch('tag');
  const inScratch = [`--git-dir=${scratch}`];
  await runGit(ground, { cwd: scratch, args: ['init', '-q', '--bare', `--object-format=${format}`, scratch] });
  const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: objects, ...(named ? {} : nameless) };
  const name = tagNameOf(action);
  try {
    const args = [...settings, ...inScratch, 'tag', '-a', '-F', '-', name, commit];
    await runGit(ground, { cwd: scratch, args, env, input: message });
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    throw new LockstepError(
      'process-failed',
      `git could not make the tag ${name}: ${messageOf(error).replace(/^.*?: /, '')}`,
      {
        details: error.details,
        cause: error,
        hint: `see that this works: git -C ${repository} tag -a -m test lockstep-test (tag.gpgSign asks for a signature)`,
      },
    );
  }
  const id = (await runGit(ground, { cwd: scratch, args: [...inScratch, 'rev-parse', ref] })).trim();
  const loose = join(scratch, 'objects', id.slice(0, 2), id.slice(2));
  const after = files.state(loose);
  const place = join(objects, id.slice(0, 2), id.slice(2));
  const object: FileAction = {
    kind: 'file',
    component: 'package',
    path: toRooted(ground.roots, place),
    before: files.state(place),
    after,
    cause: "the tag's object",
  };
  const move: RefAction = {
    kind: 'ref',
    component: 'package',
    checkout: repository,
    path: action.path,
    ref,
    before,
    after: id,
    cause: action.cause,
  };
  return {
    actions: object.before.kind === 'absent' ? [object, move] : [move],
    contents: new Map(after.kind === 'file' ? [[after.sha256, { from: 'file', path: loose }]] : []),
  };
};
