import { createDocumentReader } from './sources/read-documents.ts';
import { chooseEngine } from './text-encoder.ts';

import type { DocumentIndex } from './document-index.ts';
import type { SourcesRecord } from './index-sources.ts';
import type { PrepareOptions } from './prepare-options.ts';
import type { TextEngine } from './text-encoder.ts';

/** Text on which both engines must agree before the faster one is used. */
const SAMPLE_BYTES = 2 ** 16;

/** The engine for a preparation, once both have encoded a sample of its documents. */
export async function checkedEngine(
  { tokenizer, progress }: PrepareOptions,
  index: DocumentIndex,
  record: SourcesRecord,
  unique: Uint32Array,
): Promise<TextEngine> {
  if (tokenizer.files === undefined) return 'javascript';
  const reader = createDocumentReader();
  const sample: string[] = [];
  try {
    for (let i = 0, bytes = 0; i < unique.length && bytes < SAMPLE_BYTES; i += 1) {
      const file = record.files[index.file(unique[i]!)]!;
      const span = index.span(unique[i]!);
      if (file.format === 'tokens' || span.length > SAMPLE_BYTES) continue;
      sample.push(await reader.read(file, span));
      bytes += span.length;
    }
  } finally {
    await reader.close();
  }
  const engine = await chooseEngine(tokenizer.files, sample);
  if (engine === 'native') progress.note('The tokenizer is run by the native library: its ids differ from those of the JavaScript one.');
  return engine;
}
