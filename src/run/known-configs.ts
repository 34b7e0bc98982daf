import gpt2Large from './known-configs/gpt2-large.json' with { type: 'json' };
import gpt2Medium from './known-configs/gpt2-medium.json' with { type: 'json' };
import gpt2Xl from './known-configs/gpt2-xl.json' with { type: 'json' };
import openLlama3b from './known-configs/open-llama-3b.json' with { type: 'json' };
import smolLm2 from './known-configs/smollm2-135m.json' with { type: 'json' };

/** Configs of models that recipes often start from, by hub id, so that a plan for them needs no network. */
export const KNOWN_CONFIGS: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(
  Object.entries({
    'openlm-research/open_llama_3b': openLlama3b,
    'openai-community/gpt2-medium': gpt2Medium,
    'openai-community/gpt2-large': gpt2Large,
    'openai-community/gpt2-xl': gpt2Xl,
    'HuggingFaceTB/SmolLM2-135M': smolLm2,
  }),
);
