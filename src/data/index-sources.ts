import { createHash } from 'node:crypto';

import { createDocumentIndex, documentKey } from './document-index.ts';
import { DataError } from './data-error.ts';
import { readDocuments } from './sources/read-documents.ts';
import { listSourceFiles } from './sources/text-source.ts';

import type { Progress } from '../progress.ts';
import type { DocumentIndex } from './document-index.ts';
import type { SourceFile, TextSource } from './sources/text-source.ts';
import type { TokenManifest } from './token-manifest.ts';

/** What the first pass over the text leaves. */
export interface IndexedSources {
  /** `index.file(i)` is a position here. */
  readonly files: readonly SourceFile[];
  readonly index: DocumentIndex;
  /** Documents of white space alone, which are not in the index. */
  readonly empty: number;
  readonly manifest: TokenManifest['sources'];
}

/**
 * Reads every source once: finds and hashes its documents, and hashes its files. Keeps no text.
 * @throws DataError of the sources, and `source-empty` where no document holds text.
 */
export async function indexSources(
  sources: readonly TextSource[],
  seed: number,
  progress: Progress,
): Promise<IndexedSources> {
  const listed = await Promise.all(sources.map((source) => listSourceFiles(source)));
  const totalBytes = listed.flat().reduce((sum, file) => sum + file.bytes, 0);
  const step = progress.start('Reading text', totalBytes / 1e6, 'MB');
  const files: SourceFile[] = [];
  const index = createDocumentIndex();
  const manifest: TokenManifest['sources'] = [];
  let empty = 0;
  try {
    for (const group of listed) {
      const described: TokenManifest['sources'][number]['files'] = [];
      for (const file of group) {
        const hash = createHash('sha256');
        const see = (bytes: Buffer): void => {
          hash.update(bytes);
          step.advance(bytes.length / 1e6);
        };
        for await (const { text, ...span } of readDocuments(file, see)) {
          if (text === '') empty += 1;
          else index.add(files.length, span, documentKey(seed, text));
        }
        files.push(file);
        const kind = file.format === 'text' ? `text by ${file.documents}` : `jsonl field ${file.field}`;
        described.push({ name: file.name, kind, bytes: file.bytes, sha256: hash.digest('hex') });
      }
      manifest.push({ files: described });
    }
  } finally {
    step.end();
  }
  if (index.size === 0) {
    throw new DataError(
      'source-empty',
      `${sources.map(({ path }) => path).join(', ') || 'The list of sources'} holds no text. Correct data.sources.`,
    );
  }
  return { files, index, empty, manifest };
}
