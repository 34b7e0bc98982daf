import { markdownTable } from 'markdown-table';
import { escapeMarkdown } from '../report/escape-markdown.ts';

export interface ComparedText {
  /** Of the variant. */
  readonly name: string;
  /** Its comparison in Markdown, which begins with the verdict as a heading. */
  readonly text: string;
}

/**
 * The comparisons of several variants as one text, pure: every verdict, then of each variant what needs attention, then all the
 * rest. Shortening keeps a text from the top, so that no variant's verdict or failing rows give way to another one's details.
 * @param variants in the order in which they are shown
 */
export function severalVariants(variants: readonly ComparedText[]): string {
  const parts = variants.map(({ name, text }) => ({ name: escapeMarkdown(name), ...splitUrgent(text) }));
  const rows = parts.map(({ name, urgent }) => [name, (urgent.split('\n')[0] ?? '').replace(/^#+ /, '')]);
  return [
    `## Variants\n\n${markdownTable([['Variant', 'Verdict'], ...rows], { alignDelimiters: false })}`,
    ...parts.map(({ name, urgent }) => `# Variant ${name}\n\n${urgent}`),
    ...parts.flatMap(({ name, rest }) => (rest === '' ? [] : [`# Variant ${name}, all of it\n\n${rest}`])),
  ].join('\n\n');
}

/** A comparison up to its failing rows, and what follows: its first section that is not about those. */
function splitUrgent(text: string): { readonly urgent: string; readonly rest: string } {
  const at = text.search(/^### (?!Needs attention)/m);
  if (at === -1) return { urgent: text.trimEnd(), rest: '' };
  return { urgent: text.slice(0, at).trimEnd(), rest: text.slice(at).trimEnd() };
}
