import type { TensorSpec } from '../weights/checkpoint.ts';
import { chooseLayers } from './choose-layers.ts';
import { InheritError } from './errors.ts';
import { familyOf, isTied, layerCount } from './family.ts';
import type { Config, Family, TensorRole } from './family.ts';
import { initialiserOf } from './initialiser.ts';
import type { Initialiser } from './initialiser.ts';
import { shortenConfig } from './shorten-config.ts';

/** Parts outside the blocks that may be copied; what is not copied starts from random weights. */
export const CARRIED_PARTS = ['embeddings', 'finalNorm', 'head'] as const;

export type CarriedPart = (typeof CARRIED_PARTS)[number];

export interface InheritChoice {
  readonly config: Config;
  readonly tensors: ReadonlyMap<string, TensorSpec>;
  /** The first k blocks, or block numbers in the order they shall have. */
  readonly layers: number | readonly number[];
  /** Default: all parts. */
  readonly carry?: readonly CarriedPart[] | undefined;
}

/** One tensor of the new model. */
export interface MappedTensor {
  readonly spec: TensorSpec;
  readonly from:
    | { readonly kind: 'copy'; readonly name: string }
    | { readonly kind: 'initialise'; readonly initialiser: Initialiser };
}

export interface InheritMap {
  readonly config: Config;
  /** Old block numbers in their new order. */
  readonly layers: readonly number[];
  /** Embeddings first, then block by block, then norm and head. */
  readonly tensors: readonly MappedTensor[];
  /** Tensors of the source that the new model has no use for, blocks left out not counted. */
  readonly dropped: readonly string[];
}

/**
 * Which tensor of the new model comes from where (Inheritune, arXiv 2404.08634, algorithm 1: the first k blocks, embeddings and head).
 *
 * With tied weights, head and token embedding are one matrix: it is copied when either `embeddings` or `head` is carried. So `carry`
 * without `embeddings` on a tied GPT-2 gives what the published script makes: token matrix copied, positions random; and without `finalNorm`
 * the norm starts at one, as it does there.
 */
export function inheritMap(choice: InheritChoice): InheritMap {
  const family = familyOf(choice.config);
  const layers = chooseLayers(choice.layers, countBlocks(choice, family));
  const carry = checkCarry(choice.carry ?? CARRIED_PARTS);
  const tied = isTied(choice.config, family);
  const position = new Map(layers.map((old, index) => [old, index]));

  const mapped: { order: number; tensor: MappedTensor }[] = [];
  const dropped: string[] = [];
  const parts = new Set<TensorRole['part']>();
  for (const spec of choice.tensors.values()) {
    const role = requireRole(spec.name, family);
    parts.add(role.part);
    // A tied head that was saved all the same is a second copy of the embedding.
    if (role.part === 'buffer' || (role.part === 'head' && tied)) {
      dropped.push(spec.name);
    } else if (role.part === 'block') {
      const index = position.get(role.index);
      if (index === undefined) continue;
      const name = family.renumber(spec.name, index);
      mapped.push({
        order: 2 + index,
        tensor: { spec: { ...spec, name }, from: { kind: 'copy', name: spec.name } },
      });
    } else {
      const copied = isCarried(role, carry, tied);
      const initialiser = initialiserOf(spec.name, role, choice.config, family, layers.length);
      const from = copied
        ? { kind: 'copy' as const, name: spec.name }
        : { kind: 'initialise' as const, initialiser };
      mapped.push({ order: orderOf(role, layers.length), tensor: { spec, from } });
    }
  }
  checkParts(parts, family, tied);
  mapped.sort((a, b) => a.order - b.order);
  return {
    config: shortenConfig(choice.config, layers),
    layers,
    tensors: mapped.map(({ tensor }) => tensor),
    dropped,
  };
}

function isCarried(role: TensorRole, carry: ReadonlySet<CarriedPart>, tied: boolean): boolean {
  switch (role.part) {
    case 'tokenEmbedding':
      return carry.has('embeddings') || (tied && carry.has('head'));
    case 'positionEmbedding':
      return carry.has('embeddings');
    case 'finalNorm':
      return carry.has('finalNorm');
    case 'head':
      return carry.has('head');
    default:
      return true;
  }
}

function orderOf(role: TensorRole, blocks: number): number {
  if (role.part === 'tokenEmbedding') return 0;
  if (role.part === 'positionEmbedding') return 1;
  return role.part === 'finalNorm' ? blocks + 2 : blocks + 3;
}

function checkCarry(parts: readonly string[]): ReadonlySet<CarriedPart> {
  const known: readonly string[] = CARRIED_PARTS;
  const odd = parts.find((part) => !known.includes(part));
  if (odd === undefined) return new Set(parts as readonly CarriedPart[]);
  throw new InheritError(
    'bad-carry',
    `carry names ${JSON.stringify(odd)}, which is no part of a model. Choose among ${CARRIED_PARTS.join(', ')}.`,
  );
}

/** The number of blocks, on which config and tensors must agree: a short file would otherwise give a short model without a word. */
function countBlocks(choice: InheritChoice, family: Family): number {
  const stated = layerCount(choice.config, family);
  const found = new Set<number>();
  for (const name of choice.tensors.keys()) {
    const role = requireRole(name, family);
    if (role.part === 'block') found.add(role.index);
  }
  for (let index = 0; index < stated; index++) {
    if (found.has(index)) continue;
    throw new InheritError(
      'missing',
      `config.json states ${stated} blocks (${family.layerCountField}), but there are no tensors of block ${index}. Download the weights again.`,
    );
  }
  if (found.size === stated) return stated;
  throw new InheritError(
    'bad-config',
    `config.json states ${stated} blocks (${family.layerCountField}), but there are tensors of ${found.size}. Use the config.json of the weights.`,
  );
}

function requireRole(name: string, family: Family): TensorRole {
  const role = family.roleOf(name);
  if (role !== undefined) return role;
  throw new InheritError(
    'unsupported',
    `Tensor ${JSON.stringify(name)} is not a part of a ${family.name} model as known here, so it is not known whether the new model needs it. Choose a plain ${family.name} checkpoint.`,
  );
}

function checkParts(parts: ReadonlySet<TensorRole['part']>, family: Family, tied: boolean): void {
  const needed: TensorRole['part'][] = ['tokenEmbedding', 'finalNorm'];
  if (family.name === 'gpt2') needed.push('positionEmbedding');
  if (!tied) needed.push('head');
  const lacking = needed.find((part) => !parts.has(part));
  if (lacking === undefined) return;
  const hint = lacking === 'head' ? ' and config.json says that it is not tied to the embedding' : '';
  throw new InheritError(
    'missing',
    `The checkpoint holds no ${PART_NAMES[lacking]}${hint}. Choose a complete checkpoint.`,
  );
}

const PART_NAMES: Readonly<Record<TensorRole['part'], string>> = {
  block: 'block',
  buffer: 'buffer',
  tokenEmbedding: 'token embedding',
  positionEmbedding: 'position embedding',
  finalNorm: 'final norm',
  head: 'head (lm_head.weight)',
};
