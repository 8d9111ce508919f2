/** Says what a target's repository is tagged with: the name that the configuration gives, and a message that names the commit. Pure. */
import { LockstepError } from '../../domain/errors.ts';
import type { Project } from '../../domain/project.ts';
import { defaultTagName, fillTagName, isTagName } from '../../domain/tag-name.ts';
import type { TagWish } from '../repository-tag.ts';

export interface Tagged {
  readonly target: string;
  readonly version: string;
  /** The commit of main that the target has; null when it is not known. */
  readonly commit: string | null;
}

/** null where the configuration says `tag: off`. Throws `usage` for a name that git takes for no tag. */
export const tagOf = (
  { tag = { name: defaultTagName }, package: { name: project }, id }: Pick<Project, 'tag' | 'package' | 'id'>,
  { target, version, commit }: Tagged,
): Pick<TagWish, 'name' | 'message' | 'cause'> | null => {
  if (tag === 'off') return null;
  const name = fillTagName(tag.name, { 'project.name': project, 'project.id': id, 'target.name': target, version });
  if (!isTagName(name)) {
    throw new LockstepError('usage', `git takes no tag named ${JSON.stringify(name)}`, {
      target,
      hint: 'give another version, or another `tag: { name: … }` in sync.config.yaml (`tag: off` makes none)',
    });
  }
  const from = commit === null ? '' : `\nIts commit is ${commit}.\n`;
  return { name, message: `${project} ${version}\n${from}`, cause: `${project} ${version}` };
};
