import { DataError } from './data-error.ts';
import { loadTokenizer } from './json-tokenizer.ts';

import type { Checkpoint } from '../weights/checkpoint.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer that lies beside a checkpoint's weights.
 * @throws DataError `tokenizer-unreadable` naming the missing file; the errors of `loadTokenizer`.
 */
export async function loadCheckpointTokenizer(
  checkpoint: Pick<Checkpoint, 'source' | 'config' | 'sidecars'>,
): Promise<Tokenizer> {
  const { source, config, sidecars } = checkpoint;
  const tokenizerJson = await sidecars.get('tokenizer.json')?.();
  if (tokenizerJson !== undefined) {
    const tokenizerConfig = await sidecars.get('tokenizer_config.json')?.();
    return loadTokenizer({ tokenizerJson, tokenizerConfig, config });
  }
  if (sidecars.has('tokenizer.model')) {
    throw new DataError(
      'tokenizer-unsupported',
      `${source} has a SentencePiece tokenizer.model and no tokenizer.json, which is the file needed here. ` +
        'Write it with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER).',
    );
  }
  throw new DataError(
    'tokenizer-unreadable',
    `${source} has no tokenizer.json. Put the model's tokenizer.json and tokenizer_config.json beside its weights.`,
  );
}
