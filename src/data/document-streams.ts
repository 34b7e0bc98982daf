import type { DocumentIndex } from './document-index.ts';
import type { SourcesRecord } from './index-sources.ts';
import type { TextSource } from './sources/text-source.ts';
import type { DocumentStream } from './write-part.ts';

/** The documents in the order in which they are drawn. */
export interface DocumentStreams {
  /** All, without duplicates, by key. */
  readonly unique: Uint32Array;
  /** One for each source where sources have weights, else one of all. */
  readonly streams: readonly DocumentStream[];
}

/** Of documents that several sources hold, the first source keeps the one. */
export function documentStreams(
  index: DocumentIndex,
  record: SourcesRecord,
  sources: readonly TextSource[],
): DocumentStreams {
  const unique = index.uniqueInKeyOrder();
  if (sources[0]?.weight === undefined) return { unique, streams: [{ label: 'sources', weight: 1, documents: unique, passes: 1 }] };
  const streams = sources.map(({ path, label, weight, passes = 1 }, source) => ({
    label: label ?? path,
    weight: weight!,
    passes,
    documents: unique.filter((at) => record.sourceOfFile[index.file(at)] === source),
  }));
  return { unique, streams };
}
