import { join } from 'node:path';
import { parseConfig } from '../model/config.ts';
import { parameterCount } from '../model/parameters.ts';
import type { Recipe, TrainSection } from '../recipe/schema.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import { hashModel } from './fingerprint.ts';
import type { GrownModel } from './growth-report.ts';
import { heldOutLoss } from './held-out-loss.ts';
import type { StageRunner } from './stage-record.ts';
import { trainStage, trainingHash } from './train-stage.ts';
import type { TrainingTokens } from './training-tokens.ts';

/** A model with its validation loss, and where its weights lie. */
export interface MeasuredModel {
  readonly model: GrownModel;
  readonly folder: string;
  /** Changes when the weights do. */
  readonly fingerprint: string;
}

/** Where a model's training begins. */
export interface TrainingStart {
  /** The row in the table; its training has the folder of this name. */
  readonly name: string;
  readonly initialisation: string;
  readonly checkpoint: Checkpoint;
  /** Changes when any of the weights does. */
  readonly fingerprint: string;
}

/** Models that are trained alike and compared by their loss over the same whole validation split; each is a stage of the run. */
export class MeasuredTraining {
  private readonly section: TrainSection;
  private readonly device: Recipe['device'];
  private readonly tokens: TrainingTokens;
  private readonly stages: StageRunner;
  private readonly context: RunContext;

  constructor(
    { train, device }: Pick<Recipe, 'device'> & { readonly train: TrainSection },
    tokens: TrainingTokens,
    stages: StageRunner,
    context: RunContext,
  ) {
    this.section = train;
    this.device = device;
    this.tokens = tokens;
    this.stages = stages;
    this.context = context;
  }

  /** Trains as the recipe says. A finished training is taken over, an interrupted one goes on. */
  async trained({ name, initialisation, checkpoint, fingerprint }: TrainingStart): Promise<MeasuredModel> {
    const { section, context, tokens, device } = this;
    const place = name.replaceAll(' ', '-');
    const folder = join(this.stages.folder, place);
    const config = parseConfig(checkpoint.config, `the config of ${name}`);
    const done = await this.stages.run({
      name: `train ${name}`,
      inputs: () => ({
        hash: trainingHash(section, tokens, fingerprint, context.version),
        shape: checkpoint.config,
      }),
      outputs: [`${place}/config.json`, `${place}/train.jsonl`],
      work: async () => {
        const { steps } = await trainStage(
          {
            ...{ start: { checkpoint, config }, startFingerprint: fingerprint, section, tokens },
            ...{ outFolder: folder, resume: true, onForeign: 'startOver' },
            engine: () => context.engine(device),
          },
          context,
        );
        return { steps, fingerprint: await hashModel(folder) };
      },
    });
    const lossNats = await this.measured(name, folder, done.fingerprint);
    const size = { blocks: config.layers, parameters: parameterCount(config) };
    const model = { name, ...size, initialisation, steps: done.steps, lossNats };
    return { model, folder, fingerprint: done.fingerprint };
  }

  /** The validation loss of the model in a folder or file, in nats a token. */
  async measured(name: string, location: string, fingerprint: string): Promise<number> {
    const { section, context, tokens } = this;
    const { lossNats } = await this.stages.run({
      name: `validate ${name}`,
      inputs: () => ({
        ...{ fingerprint, tokens: tokens.fingerprint, limit: section.validationTokens ?? null },
        ...{ T: section.sequenceLength, version: context.version },
      }),
      outputs: [],
      work: async () => {
        const recipe = { train: section, device: this.device };
        const { lossNats } = await heldOutLoss(recipe, { location, label: name }, tokens, context);
        return { lossNats };
      },
    });
    context.progress.note(`${name}: validation loss ${lossNats.toFixed(4)} nats`);
    return lossNats;
  }
}
