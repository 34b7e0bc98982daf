import { parseGpt2Config } from './gpt2-config.ts';
import { parseLlamaConfig } from './llama-config.ts';
import { ModelError } from './model-error.ts';

/** What both families have. Sizes are in elements. */
interface CommonConfig {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  /** Key and value heads; fewer than `heads` with grouped-query attention. */
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** The longest sequence it was made for. */
  readonly maxPositions: number;
  readonly normEpsilon: number;
  /** Whether the head is the token embedding's matrix. */
  readonly tiedHead: boolean;
}

export interface LlamaConfig extends CommonConfig {
  readonly family: 'llama';
  readonly ropeTheta: number;
}

export interface Gpt2Config extends CommonConfig {
  readonly family: 'gpt2';
  /** Attention scores are divided by the layer's number, counted from 1. */
  readonly scaleByInverseLayer: boolean;
}

export type ModelConfig = LlamaConfig | Gpt2Config;

/**
 * Reads a Hugging Face `config.json`. A field that would change the numbers and is not supported is refused by
 * name, and so is one that is not known at all: silently ignoring it could be wrong.
 * @param source the file's name, for messages
 */
export function parseConfig(json: Readonly<Record<string, unknown>>, source: string): ModelConfig {
  const type = json['model_type'];
  switch (type) {
    case 'llama':
      return parseLlamaConfig(json, source);
    case 'gpt2':
      return parseGpt2Config(json, source);
    default:
      throw new ModelError(
        'config',
        `${source}: model_type is ${JSON.stringify(type ?? null)}, and only "llama" and "gpt2" are supported. Use a LLaMA- or GPT-2-family checkpoint.`,
      );
  }
}
