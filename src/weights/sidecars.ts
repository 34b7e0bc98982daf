/** Files that travel with the weights unchanged: without them text could not be turned into the model's token ids. */
export const SIDECAR_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'tokenizer.model',
  'special_tokens_map.json',
  'vocab.json',
  'merges.txt',
  'added_tokens.json',
  'generation_config.json',
  'chat_template.jinja',
] as const;
