import { join } from 'node:path';
import { InherituneError } from '../errors.ts';
import type { Config } from '../inherit/family.ts';
import type { GrownModel } from '../judge/growth-result.ts';
import { parseConfig } from '../model/config.ts';
import { parameterCount } from '../model/parameters.ts';
import type { Recipe, TrainSection } from '../recipe/schema.ts';
import { grownFolder } from '../store/run-folder.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import { environmentOf } from './evaluate-stage.ts';
import { findMade } from './find-made.ts';
import { hashModel } from './fingerprint.ts';
import { heldOutLoss } from './held-out-loss.ts';
import { trainInto } from './run-models.ts';
import type { StageOutput, StageRunner } from './stage-record.ts';
import { trainingHash } from './train-stage.ts';
import type { TrainingTokens } from './training-tokens.ts';

/** The weights of a model of the run; they may have been left out, where nothing has needed them so far. */
export interface MadeWeights {
  /** Where they lie, once `made` has been asked for its files. */
  readonly folder: string;
  /** Changes when the weights do. */
  readonly fingerprint: string;
  /** The stage that writes them; undefined for those that the recipe names. */
  readonly made: StageOutput<unknown> | undefined;
}

/** A model with its validation loss. */
export interface MeasuredModel extends MadeWeights {
  readonly model: GrownModel;
  /** The model when the run is over: weights that had to be made again may differ from the record's, and their loss with them. */
  readonly settled: () => Promise<GrownModel>;
}

/** Where a model's training begins. */
export interface TrainingStart extends Pick<GrownModel, 'name' | 'role' | 'initialisation'> {
  readonly config: Config;
  /** Changes when any of the first weights does. */
  readonly fingerprint: () => string;
  /** What has to have its files before `open`. */
  readonly needs: readonly (StageOutput<unknown> | undefined)[];
  /** The weights, when the training is run; closing them closes what they are read from. */
  readonly open: () => Promise<Checkpoint>;
}

/** Models that are trained alike and compared by their loss over the same whole validation split; each is a stage of the run. */
export class MeasuredTraining {
  /** Tokens that a loss was computed over, and the machine that computed the last one. */
  validation: { readonly tokens: number; readonly environment: Readonly<Record<string, string>> } | undefined;
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
  async trained({
    name,
    config,
    ...start
  }: TrainingStart): Promise<MadeWeights & { readonly steps: number }> {
    const { section, context, tokens, device, stages } = this;
    const place = grownFolder(name);
    const outFolder = join(stages.folder, place);
    let folder = outFolder;
    const stage = `train ${name}`;
    const made = await stages.take({
      name: stage,
      inputs: () => ({
        hash: trainingHash(section, tokens, start.fingerprint(), context.version),
        shape: config,
      }),
      needs: [...start.needs, tokens.made],
      outputs: [`${place}/config.json`, `${place}/train.jsonl`],
      work: async () => {
        const checkpoint = await start.open();
        try {
          const parsed = parseConfig(checkpoint.config, `the config of ${name}`);
          return await trainInto(
            outFolder,
            {
              start: { checkpoint, config: parsed },
              ...{ startFingerprint: start.fingerprint(), section, tokens },
            },
            { device },
            context,
          );
        } finally {
          await checkpoint.close();
        }
      },
      find: async ({ fingerprint }) => {
        const found = await findMade(stages.folder, { stage, place }, fingerprint, hashModel);
        folder = found ?? folder;
        return found;
      },
    });
    return {
      made,
      steps: made.result.steps,
      get folder() {
        return folder;
      },
      get fingerprint() {
        return made.result.fingerprint;
      },
    };
  }

  /** Trains, and computes the validation loss. */
  async trainedAndMeasured(start: TrainingStart): Promise<MeasuredModel> {
    const { name, role, initialisation } = start;
    const weights = await this.trained(start);
    return this.measured({ name, role, initialisation, steps: weights.steps }, start.config, weights);
  }

  /** With the validation loss, in nats a token. @throws InherituneError `notANumber` */
  async measured(
    named: Pick<GrownModel, 'name' | 'role' | 'initialisation' | 'steps'>,
    config: Config,
    weights: MadeWeights,
  ): Promise<MeasuredModel> {
    const { section, context, tokens, device } = this;
    const { name } = named;
    const { result } = await this.stages.take({
      name: `validate ${name}`,
      inputs: () => ({
        ...{ fingerprint: weights.fingerprint, tokens: tokens.fingerprint },
        ...{ limit: section.validationTokens ?? null, T: section.sequenceLength },
        ...{ version: context.version, device },
      }),
      needs: [weights.made, tokens.made],
      outputs: [],
      work: async () => {
        const recipe = { train: section, device };
        const location = weights.folder;
        const loss = await heldOutLoss(recipe, { location, label: name }, tokens, context);
        if (!Number.isFinite(loss.lossNats))
          throw new InherituneError(
            'notANumber',
            `The model ${name} has a validation loss of ${loss.lossNats}. Look at its ${grownFolder(name)}/train.jsonl, and lower train.optimizer.learningRate or set train.onNonFinite.`,
          );
        return { ...loss, environment: environmentOf(await context.engine(device), 'float32', context) };
      },
    });
    const { lossNats, tokens: validationTokens, environment } = result;
    this.validation = { tokens: validationTokens, environment };
    context.progress.note(`${name}: validation loss ${lossNats.toFixed(4)} nats`);
    const parsed = parseConfig(config, `the config of ${name}`);
    const size = { blocks: parsed.layers, parameters: parameterCount(parsed) };
    const { made, fingerprint } = weights;
    const model = { ...named, ...size, lossNats, weights: fingerprint };
    return {
      made,
      model,
      settled: async () =>
        weights.fingerprint === fingerprint ? model : (await this.measured(named, config, weights)).model,
      get folder() {
        return weights.folder;
      },
      get fingerprint() {
        return weights.fingerprint;
      },
    };
  }
}
