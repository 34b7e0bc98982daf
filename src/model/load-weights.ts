import { assignInGroups } from '../graph/assign-in-groups.ts';
import type { Session } from '../graph/session.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { ModelConfig } from './config.ts';
import { collectGarbage } from './collect-garbage.ts';
import { ModelError } from './model-error.ts';
import { HEAD, parametersOf } from './parameters.ts';

const GPT2_PREFIX = 'transformer.';

/**
 * The name under which a checkpoint holds a parameter: GPT-2's original files lack the `transformer.` prefix.
 * Checks presence and shape.
 */
export function storedName(
  checkpoint: Checkpoint,
  parameter: { name: string; shape: readonly number[] },
): string {
  const { name, shape } = parameter;
  const bare = name.startsWith(GPT2_PREFIX) ? name.slice(GPT2_PREFIX.length) : name;
  const spec = checkpoint.tensors.get(name) ?? checkpoint.tensors.get(bare);
  if (spec === undefined) {
    throw new ModelError(
      'weights',
      `${checkpoint.source}: the tensor ${name} is missing from the weights, which config.json asks for${name === HEAD ? ' (tie_word_embeddings is false)' : ''}. Check that config.json belongs to these weights.`,
    );
  }
  if (spec.shape.length !== shape.length || spec.shape.some((d, i) => d !== shape[i])) {
    throw new ModelError(
      'weights',
      `${checkpoint.source}: the tensor ${spec.name} has shape [${spec.shape.join(', ')}], and config.json says [${shape.join(', ')}]. Check that config.json belongs to these weights.`,
    );
  }
  return spec.name;
}

/** Checks every parameter against the checkpoint before anything is computed. */
export function checkWeights(config: ModelConfig, checkpoint: Checkpoint): void {
  for (const parameter of parametersOf(config)) storedName(checkpoint, parameter);
}

/** Fills a session's variables from a checkpoint, one large tensor or a few small ones in memory at a time. */
export async function loadWeights(
  session: Session,
  config: ModelConfig,
  checkpoint: Checkpoint,
  progress: Progress,
): Promise<void> {
  const parameters = parametersOf(config);
  const step = progress.start(`loading ${checkpoint.source}`, parameters.length, 'tensors');
  await assignInGroups(
    session,
    parameters,
    (parameter) => checkpoint.readFloat32(storedName(checkpoint, parameter)),
    (assigned) => {
      step.advance(assigned);
    },
  );
  // Not in the turn that still holds the last arrays.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  step.end();
}
