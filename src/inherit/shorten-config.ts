import { InheritError } from './errors.ts';
import { familyOf, layerCount } from './family.ts';
import type { Config } from './family.ts';

/** Fields of transformers' configs that hold one entry per block. */
const PER_LAYER_FIELDS: ReadonlySet<string> = new Set([
  'layer_types',
  'no_rope_layers',
  'mlp_layer_types',
  'attention_layers',
  'layers_block_type',
  'num_attention_heads',
  'num_key_value_heads',
  'num_query_heads',
  'intermediate_size',
  'ffn_multipliers',
]);

/** Lists that have nothing to do with blocks, however long they happen to be. */
const OTHER_LISTS: ReadonlySet<string> = new Set([
  'architectures',
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'bad_words_ids',
  'suppress_tokens',
  'begin_suppress_tokens',
  'forced_decoder_ids',
  'keys_to_ignore_at_inference',
]);

/**
 * The config of a model that keeps blocks `layers` of the old one, in that order: the block count and every list with one entry per block
 * are cut to the same blocks. A list of exactly the old length whose meaning is not known is refused by name, because left as it is
 * it could silently describe other blocks.
 */
export function shortenConfig(config: Config, layers: readonly number[]): Config {
  const family = familyOf(config);
  const count = layerCount(config, family);
  const changed: Record<string, unknown> = { ...config, [family.layerCountField]: layers.length };
  for (const [field, value] of Object.entries(config)) {
    if (Array.isArray(value)) changed[field] = shortenList(field, value as readonly unknown[], layers, count);
  }
  // Qwen2: the first max_window_layers blocks attend fully, later ones in a window.
  const fullAttention = config['max_window_layers'];
  if (typeof fullAttention === 'number') {
    changed['max_window_layers'] = layers.filter((index) => index < fullAttention).length;
  }
  if (isRecord(config['pruned_heads']))
    changed['pruned_heads'] = renumberKeys(config['pruned_heads'], layers);
  return changed;
}

function shortenList(
  field: string,
  list: readonly unknown[],
  layers: readonly number[],
  count: number,
): readonly unknown[] {
  if (PER_LAYER_FIELDS.has(field)) {
    if (list.length === count) return layers.map((index) => list[index]);
    throw new InheritError(
      'bad-config',
      `config.json: ${field} has ${list.length} entries for ${count} blocks. Correct the config.json.`,
    );
  }
  if (list.length !== count || OTHER_LISTS.has(field)) return list;
  throw new InheritError(
    'bad-config',
    `config.json: ${field} is a list of ${count} entries, as many as there are blocks, and it is not known whether it has one per block. Remove it from the config.json, or take a model without it.`,
  );
}

/** GPT-2's `pruned_heads` maps a block's number to heads. */
function renumberKeys(map: Config, layers: readonly number[]): Config {
  return Object.fromEntries(
    layers.flatMap((old, index) => (Object.hasOwn(map, old) ? [[String(index), map[String(old)]]] : [])),
  );
}

function isRecord(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
