/** Names the git tag of a target from the template that the configuration gives, and knows which names git refuses. */
import { nearestName } from './nearest.ts';

/** What a target's own repository is tagged with when the configuration does not say. */
export const defaultTagName = '${{ project.name }}-${{ version }}';

export interface TagNameFacts {
  readonly 'project.name': string;
  readonly 'project.id': string;
  readonly 'target.name': string;
  readonly version: string;
}

const words: readonly (keyof TagNameFacts)[] = ['project.name', 'project.id', 'target.name', 'version'];
const hole = /\$\{\{(.*?)\}\}/gs;

const isWord = (word: string): word is keyof TagNameFacts => (words as readonly string[]).includes(word);

/** Why a template names no tag; undefined when it does. */
export const tagTemplateProblem = (template: string): string | undefined => {
  const unknown = [...template.matchAll(hole)].map(([, word = '']) => word.trim()).find((word) => !isWord(word));
  if (unknown !== undefined) {
    const near = nearestName(unknown, words);
    const meant = near === undefined ? `there are ${words.join(', ')}` : `did you mean \`${near}\`?`;
    return `\`${unknown}\` is unknown in the name of a tag; ${meant}`;
  }
  if (template.replace(hole, '').includes('${{')) return '`${{` is not closed by `}}`';
  if (!/\$\{\{\s*version\s*\}\}/.test(template)) return 'it must hold `${{ version }}`: else every version had one tag';
  const sample = fillTagName(template, { 'project.name': 'a', 'project.id': 'a', 'target.name': 'a', version: 'v1' });
  return isTagName(sample) ? undefined : `git takes no tag named like \`${template}\``;
};

/** The template with its words filled in. A word that is not known stays as it was written. */
export const fillTagName = (template: string, facts: TagNameFacts): string =>
  template.replace(hole, (whole, word: string) =>
    isWord(word.trim()) ? facts[word.trim() as keyof TagNameFacts] : whole,
  );

// git check-ref-format: no control characters, no space, none of ~ ^ : ? * [ \, no `..`, no `@{`.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what git refuses.
const refused = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/;

/** Whether git takes a name for a tag, by the rules of `git check-ref-format`. */
export const isTagName = (name: string): boolean =>
  !refused.test(name) &&
  !name.startsWith('-') &&
  !name.endsWith('.') &&
  name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));

/** Whether a version names a release: `v1.2.0`, not `v1.2.0-3-g1a2b3c4`, which `git describe` makes of a later commit. */
export const isRelease = (version: string): boolean => !/-\d+-g[0-9a-f]{4,}$/.test(version);
