import { markdownTable } from 'markdown-table';
import type { TokenManifest } from './token-manifest.ts';

/** What was prepared, in one line, and a table of what each source gave: pure. Shares are of the training tokens. */
export function sourceReport({ sources, train, validation, documents }: TokenManifest): string {
  const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`;
  const rows = sources.map(({ name, share, documents: read, ...parts }) => [
    ...[name, share === null ? '' : percent(share, 1), percent(parts.train.tokens, train.tokens)],
    ...[parts.train.tokens, parts.train.documents, parts.validation.tokens].map(String),
    ...[read.read, read.empty, read.duplicates].map(String),
  ]);
  const head = [
    ...['source', 'share', 'of tokens', 'tokens', 'documents', 'held-out tokens'],
    ...['documents read', 'empty', 'duplicates'],
  ];
  const table = markdownTable([head, ...rows], { align: ['l', ...head.slice(1).map(() => 'r')] });
  return (
    `${train.tokens} training tokens of ${train.documents} documents in ${train.shards.length} file(s), ` +
    `${validation?.tokens ?? 0} held out, ${documents.duplicates} duplicates dropped\n${table}`
  );
}
