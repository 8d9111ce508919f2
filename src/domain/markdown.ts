/** Reads a Markdown text as a renderer would: what it links to, on which line, and which anchors it offers. Pure. */
import GithubSlugger from 'github-slugger';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';

export interface MarkdownLink {
  /** As written, without decoding. */
  readonly url: string;
  /** 1-based. */
  readonly line: number;
}

export interface MarkdownPage {
  readonly links: readonly MarkdownLink[];
  /** Slugs of headings as GitHub makes them, and ids and names given in HTML. */
  readonly anchors: ReadonlySet<string>;
}

export const isMarkdown = (path: string): boolean => /\.(md|markdown)$/i.test(path);

/** Text of a heading, without images and tags, which leave no trace in its anchor. */
const plainText = (node: Nodes): string => {
  if (node.type === 'text' || node.type === 'inlineCode') return node.value;
  return 'children' in node ? node.children.map(plainText).join('') : '';
};

const attribute = (names: string): RegExp =>
  new RegExp(`\\s(?:${names})\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'gi');
const linking = attribute('href|src');
const naming = attribute('id|name');
const htmlHeading = /<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1>/gi;

const lineBreaks = (text: string): number => text.split('\n').length - 1;
/** Comments are blanked, with their line breaks kept: what stands in one is not rendered. */
const withoutComments = (html: string): string =>
  html.replace(/<!--[\s\S]*?(?:-->|$)/g, (comment) => '\n'.repeat(lineBreaks(comment)));
const unescapeHtml = (text: string): string =>
  text
    .replace(/&amp;/gi, '&')
    .replace(/&quot;/gi, '"')
    .replace(/&#39;/g, "'");

/** `[r]` without a definition is plain text to every renderer, so it is no link here either. */
export const readMarkdown = (text: string): MarkdownPage => {
  const links: MarkdownLink[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  const visitHtml = (html: string, start: number): void => {
    const shown = withoutComments(html);
    for (const found of shown.matchAll(linking)) {
      const url = unescapeHtml(found[1] ?? found[2] ?? found[3] ?? '');
      links.push({ url, line: start + lineBreaks(shown.slice(0, found.index)) });
    }
    for (const found of shown.matchAll(naming)) anchors.add(found[1] ?? found[2] ?? found[3] ?? '');
    for (const found of shown.matchAll(htmlHeading)) {
      anchors.add(slugger.slug((found[2] ?? '').replace(/<[^>]*>/g, '').trim()));
    }
  };
  const visit = (node: Nodes): void => {
    const line = node.position?.start.line ?? 1;
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition')
      links.push({ url: node.url, line });
    else if (node.type === 'html') visitHtml(node.value, line);
    else if (node.type === 'heading') anchors.add(slugger.slug(plainText(node)));
    if ('children' in node) for (const child of node.children) visit(child);
  };
  visit(fromMarkdown(text.replace(/^\uFEFF/, '')));
  return { links, anchors };
};

export interface LinkTarget {
  /** Decoded, without query and fragment; empty for a place in the same page. */
  readonly path: string;
  /** Decoded; empty when there is none. */
  readonly fragment: string;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Where a link leads among files; undefined when it leads elsewhere (`https:`, `mailto:`, `//host`). */
export const targetOf = (url: string): LinkTarget | undefined => {
  if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(url)) return undefined;
  const hash = url.indexOf('#');
  const path = (hash === -1 ? url : url.slice(0, hash)).replace(/\?.*$/s, '');
  return { path: decode(path), fragment: hash === -1 ? '' : decode(url.slice(hash + 1)) };
};
