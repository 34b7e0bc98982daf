import type { Engine } from '../engine/load.ts';
import { meanCrossEntropy } from '../graph/fused/cross-entropy.ts';
import type { Precision } from '../graph/ops.ts';
import { trace } from '../graph/program.ts';
import { Session } from '../graph/session.ts';
import type { ModelConfig } from '../model/config.ts';
import { hiddenStates, logits } from '../model/decoder.ts';
import { loadWeights } from '../model/load-weights.ts';
import { parametersOf } from '../model/parameters.ts';
import type { Progress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';

export interface ValidationOptions {
  readonly engine: Engine;
  readonly config: ModelConfig;
  readonly checkpoint: Checkpoint;
  readonly precision: Precision;
  /** Tokens of a window. */
  readonly sequenceLength: number;
  /** Number of windows that `windows` gives. */
  readonly count: number;
  /** Windows of held-out text: `inputs` and the `targets` that follow them, each [sequenceLength]. */
  readonly windows: () => AsyncIterable<{ readonly inputs: Int32Array; readonly targets: Int32Array }>;
  readonly progress: Progress;
  readonly label: string;
  /** Ends the run between two windows. */
  readonly signal?: AbortSignal | undefined;
}

/** Mean loss of a model over a fixed, whole validation split, in nats a token; perplexity is its exponential. */
export async function validationLoss(
  options: ValidationOptions,
): Promise<{ lossNats: number; perplexity: number; tokens: number }> {
  const { engine, config, checkpoint, precision, sequenceLength, progress } = options;
  const size = [1, sequenceLength];
  const program = trace((t) => {
    const weights = Object.fromEntries(
      parametersOf(config).map(({ name, shape }) => [name, t.variable(name, shape).value]),
    );
    const ids = t.placeholder('ids', size, 'int32'); // [1, T]
    const targets = t.placeholder('targets', size, 'int32'); // [1, T]
    const hidden = hiddenStates(config, weights, ids, { precision, layout: { kind: 'plain' } }); // [T, D]
    t.fetch(
      'loss',
      meanCrossEntropy(logits(config, weights, hidden, precision), targets.reshape([sequenceLength])),
    );
  });
  const session = await Session.open(engine.binding, program);
  try {
    await loadWeights(session, config, checkpoint, progress);
    const step = progress.start(options.label, options.count, 'windows');
    let sum = 0;
    let windows = 0;
    for await (const { inputs, targets } of options.windows()) {
      sum += session.run({ ids: inputs, targets }, ['loss'])[0]![0]!;
      windows++;
      step.advance(1, { loss: (sum / windows).toFixed(3) });
      // The native call blocks: let signals and the progress display have their turn.
      await new Promise((resolve) => setImmediate(resolve));
      options.signal?.throwIfAborted();
    }
    step.end();
    const lossNats = sum / windows;
    return { lossNats, perplexity: Math.exp(lossNats), tokens: windows * sequenceLength };
  } finally {
    session.close();
  }
}
