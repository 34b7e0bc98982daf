import type { Checkpoint } from '../weights/checkpoint.ts';
import { toFloat32 } from '../weights/dtype.ts';
import { copyOf } from '../weights/tensor-chunks.ts';
import type { TensorSource } from '../weights/tensor-chunks.ts';
import { familyOf, layerCount } from './family.ts';
import type { Config } from './family.ts';
import { randomSources } from './initialised-source.ts';
import { InheritError } from './errors.ts';
import { shortenConfig } from './shorten-config.ts';

/** A checkpoint that nobody has written: its tensors are made or fetched when they are read. */
export function checkpointOf(
  source: string,
  config: Config,
  tensors: readonly TensorSource[],
  sidecars: Checkpoint['sidecars'],
): Checkpoint {
  const byName = new Map(tensors.map((tensor) => [tensor.spec.name, tensor]));
  const find = (name: string): TensorSource => {
    const tensor = byName.get(name);
    if (tensor === undefined) throw new Error(`${source} has no tensor ${name}`);
    return tensor;
  };
  return {
    ...{ source, config, sidecars },
    tensors: new Map(tensors.map(({ spec }) => [spec.name, spec])),
    readBytes: (name) => find(name).read(),
    readFloat32: async (name) => toFloat32(await find(name).read(), find(name).spec.dtype),
    close: () => Promise.resolve(),
  };
}

/** An architecture with random weights, as transformers initialises it. */
export function randomCheckpoint(
  config: Config,
  seed: number,
  sidecars: Checkpoint['sidecars'] = new Map(),
): Checkpoint {
  const blocks = layerCount(config, familyOf(config));
  return checkpointOf(`${blocks} random blocks`, config, randomSources(config, seed), sidecars);
}

/** The config of the first `blocks` blocks. */
export function configWithBlocks(config: Config, blocks: number): Config {
  return shortenConfig(
    config,
    Array.from({ length: blocks }, (_, index) => index),
  );
}

/**
 * A trained model of n blocks on top of itself until there are `blocks`, block i being block i mod n: with 2n Gong et al., 2019,
 * "Efficient training of BERT by progressively stacking". `checkpoint` must stay open.
 */
export function stackedCheckpoint(checkpoint: Checkpoint, blocks: number): Checkpoint {
  const { config } = checkpoint;
  const family = familyOf(config);
  const own = layerCount(config, family);
  const all = Array.from({ length: blocks }, (_, index) => index);
  const tensors = [...checkpoint.tensors.values()].flatMap((spec) => {
    const role = family.roleOf(spec.name);
    if (role?.part !== 'block') return [copyOf(checkpoint, spec.name, spec)];
    return all
      .filter((index) => index % own === role.index)
      .map((index) => copyOf(checkpoint, spec.name, { ...spec, name: family.renumber(spec.name, index) }));
  });
  const stacked = { ...config, [family.layerCountField]: blocks };
  return checkpointOf(`${own} blocks stacked to ${blocks}`, stacked, tensors, checkpoint.sidecars);
}

/** A trained smaller model, with blocks behind its own taken from the reference until there are `blocks`. Both must stay open. */
export function grownCheckpoint(trained: Checkpoint, reference: Checkpoint, blocks: number): Checkpoint {
  const family = familyOf(trained.config);
  const own = layerCount(trained.config, family);
  const more = [...reference.tensors.values()].filter(({ name }) => {
    const role = family.roleOf(name);
    return role?.part === 'block' && role.index >= own && role.index < blocks;
  });
  const tensors = [
    ...[...trained.tensors.values()].map((spec) => copyOf(trained, spec.name, spec)),
    ...more.map((spec) => copyOf(reference, spec.name, spec)),
  ];
  const config = configWithBlocks(reference.config, blocks);
  return checkpointOf(
    `${own} trained and ${blocks - own} reference blocks`,
    config,
    tensors,
    trained.sidecars,
  );
}

const WIDTHS: Readonly<Record<'llama' | 'gpt2', readonly string[]>> = {
  llama: ['hidden_size', 'intermediate_size', 'num_attention_heads', 'num_key_value_heads'],
  gpt2: ['n_embd', 'n_inner', 'n_head'],
};

/** The same depth at half the width: half the heads of the same size, and half the feed-forward layer. */
export function halfWidthConfig(config: Config): Config {
  const { name } = familyOf(config);
  const halved: Record<string, unknown> = { ...config };
  for (const field of WIDTHS[name]) {
    const value = config[field];
    if (typeof value !== 'number') continue;
    if (value % 2 !== 0) {
      throw new InheritError(
        'bad-config',
        `config.json: ${field} is ${value} and cannot be halved. Remove halfWidth from grow.baselines.`,
      );
    }
    halved[field] = value / 2;
  }
  return halved;
}
