import { DataError } from './data-error.ts';
import { buildTokenizer } from './build-tokenizer.ts';
import { loadTokenizer } from './json-tokenizer.ts';

import type { Checkpoint } from '../weights/checkpoint.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer that lies beside a checkpoint's weights: tokenizer.json, else SentencePiece's tokenizer.model.
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
  const model = await sidecars.get('tokenizer.model')?.();
  if (model !== undefined) {
    const tokenizerConfig = await sidecars.get('tokenizer_config.json')?.();
    return buildTokenizer({ kind: 'tokenizer.model', model, tokenizerConfig, config });
  }
  throw new DataError(
    'tokenizer-unreadable',
    `${source} has neither tokenizer.json nor tokenizer.model. Put the model's tokenizer files beside its weights.`,
  );
}
