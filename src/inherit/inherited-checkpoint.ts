import type { Checkpoint } from '../weights/checkpoint.ts';
import { copyOf } from '../weights/tensor-chunks.ts';
import { checkpointOf } from './composed-checkpoint.ts';
import { inheritMap } from './inherit-map.ts';
import type { CarriedPart } from './inherit-map.ts';
import { initialised, randomSources } from './initialised-source.ts';

export interface InheritedCheckpointOptions {
  readonly checkpoint: Checkpoint;
  /** The first k blocks, or block numbers in the order they shall have. */
  readonly layers: number | readonly number[];
  readonly carry: readonly CarriedPart[];
  /** Of the random numbers for what is not copied. */
  readonly seed: number;
  /** The same architecture with nothing copied: the baseline to compare with. */
  readonly random?: boolean | undefined;
}

/**
 * The inherited model as a checkpoint that nobody has written: its tensors come from `checkpoint` when they are read,
 * so training can start from a model of any size without a copy on disk. `checkpoint` must stay open.
 */
export function inheritedCheckpoint(options: InheritedCheckpointOptions): Checkpoint {
  const { checkpoint, seed } = options;
  const map = inheritMap({ config: checkpoint.config, tensors: checkpoint.tensors, ...options });
  const sources =
    options.random === true
      ? randomSources(map.config, seed)
      : map.tensors.map(({ spec, from }) =>
          from.kind === 'copy'
            ? copyOf(checkpoint, from.name, spec)
            : initialised(spec, from.initialiser, seed),
        );
  const source = `${map.layers.length} blocks of ${checkpoint.source}`;
  return checkpointOf(source, map.config, sources, checkpoint.sidecars);
}
