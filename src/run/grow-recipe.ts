import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { validationLoss } from '../evaluate/validation-loss.ts';
import {
  configWithBlocks,
  grownCheckpoint,
  halfWidthConfig,
  randomCheckpoint,
  stackedCheckpoint,
} from '../inherit/composed-checkpoint.ts';
import { inheritedCheckpoint } from '../inherit/inherited-checkpoint.ts';
import { parseConfig } from '../model/config.ts';
import { parameterCount } from '../model/parameters.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import { hashModel, hashTree } from './fingerprint.ts';
import { renderGrowth } from './growth-report.ts';
import type { GrowthResult, GrownModel } from './growth-report.ts';
import { openModel } from './open-model.ts';
import { openReference } from './open-reference.ts';
import { StageRunner } from './stage-record.ts';
import { trainStage, trainingHash } from './train-stage.ts';
import { trainingTokens } from './training-tokens.ts';
import type { TrainingTokens } from './training-tokens.ts';
import { openValidationSplit } from './validation-split.ts';

export type GrowRecipe = RecipeWith<'inherit' | 'data' | 'train' | 'grow'>;

/**
 * The paper's full-data setting (Inheritune, arXiv 2404.08634, v1 algorithm 2): train or load the reference, train its
 * first n blocks for the same steps, and add blocks until the validation loss is the reference's. Every model's loss is
 * computed over the same whole validation split. Finished rounds are taken over when the same recipe is run again.
 */
export async function growRecipe(
  recipe: GrowRecipe,
  outFolder: string,
  context: RunContext,
): Promise<GrowthResult> {
  await mkdir(outFolder, { recursive: true });
  const note = (text: string): void => {
    context.progress.note(text);
  };
  const stages = new StageRunner(outFolder, note, context.env['GITHUB_ACTIONS'] === 'true');
  const opened = await openReference(recipe.reference, context);
  const tokens = await trainingTokens(recipe.data, recipe.train, opened.checkpoint, stages, context);
  await tokens.made?.ensure();
  const growth = new Growth(recipe, stages, tokens, context);
  try {
    const reference = await growth.reference(opened.checkpoint, opened.location);
    const folder = recipe.reference.initialise === 'random' ? reference.folder : opened.location;
    const trained = await openModel(folder, context);
    try {
      const rounds = await growth.rounds(trained.checkpoint, reference);
      const last = rounds.at(-1)!;
      const baselines = await growth.baselines(trained.checkpoint, last.model.blocks);
      const parity = isParity(last.model, reference.model, recipe);
      const models = [reference.model, ...rounds.map(({ model }) => model), ...baselines];
      const result = { name: recipe.name, parity, models };
      await writeFileAtomic(join(outFolder, 'growth.json'), `${JSON.stringify(result, null, 2)}\n`);
      await writeFileAtomic(join(outFolder, 'growth.md'), renderGrowth(result));
      return result;
    } finally {
      await trained.checkpoint.close();
    }
  } finally {
    await opened.checkpoint.close();
  }
}

interface TrainedModel {
  readonly model: GrownModel;
  readonly folder: string;
  readonly fingerprint: string;
}

class Growth {
  private readonly recipe: GrowRecipe;
  private readonly stages: StageRunner;
  private readonly tokens: TrainingTokens;
  private readonly context: RunContext;

  constructor(recipe: GrowRecipe, stages: StageRunner, tokens: TrainingTokens, context: RunContext) {
    this.recipe = recipe;
    this.stages = stages;
    this.tokens = tokens;
    this.context = context;
  }

  async reference(checkpoint: Checkpoint, location: string): Promise<TrainedModel> {
    if (this.recipe.reference.initialise === 'random') {
      const { seed } = this.recipe.reference;
      const fingerprint = recipeHash({ seed, files: await hashTree(location) });
      return this.trained('reference', 'random', checkpoint, fingerprint);
    }
    const fingerprint = await hashModel(location);
    const lossNats = await this.measured('reference', location, fingerprint);
    const config = parseConfig(checkpoint.config, 'config.json');
    return {
      ...{ folder: location, fingerprint },
      model: {
        ...{ name: 'reference', blocks: config.layers, parameters: parameterCount(config) },
        ...{ initialisation: 'pretrained', steps: null, lossNats },
      },
    };
  }

  /** Until parity, the most rounds, or the reference's depth. `reference` is open. */
  async rounds(reference: Checkpoint, full: TrainedModel): Promise<TrainedModel[]> {
    const { grow, inherit } = this.recipe;
    const rounds: TrainedModel[] = [];
    let blocks = inherit.layers as number;
    while (rounds.length < grow.rounds && blocks <= full.model.blocks) {
      const before = grow.reinitialise === 'continue' ? rounds.at(-1) : undefined;
      const smaller = before === undefined ? undefined : await openModel(before.folder, this.context);
      const start =
        smaller === undefined
          ? inheritedCheckpoint({ checkpoint: reference, ...inherit, layers: blocks })
          : grownCheckpoint(smaller.checkpoint, reference, blocks);
      const origin = recipeHash([
        full.fingerprint,
        before?.fingerprint ?? null,
        { ...inherit, layers: blocks },
      ]);
      const how = smaller === undefined ? 'inherited' : 'continued';
      try {
        rounds.push(await this.trained(`target ${blocks} blocks`, how, start, origin));
      } finally {
        await smaller?.checkpoint.close();
      }
      if (isParity(rounds.at(-1)!.model, full.model, this.recipe)) break;
      blocks += grow.step;
    }
    return rounds;
  }

  async baselines(reference: Checkpoint, blocks: number): Promise<GrownModel[]> {
    const { grow, train } = this.recipe;
    const models: GrownModel[] = [];
    const { config, sidecars } = reference;
    const random = (name: string, shape: Checkpoint['config']): Promise<TrainedModel> =>
      this.trained(
        name,
        'random',
        randomCheckpoint(shape, train.seed, sidecars),
        recipeHash([shape, train.seed]),
      );
    for (const baseline of grow.baselines) {
      if (baseline === 'scratch')
        models.push((await random('scratch', configWithBlocks(config, blocks))).model);
      if (baseline === 'halfWidth') models.push((await random('half width', halfWidthConfig(config))).model);
      if (baseline !== 'stacking') continue;
      const half = await random(
        'stacking half',
        configWithBlocks(config, Math.max(1, Math.floor(blocks / 2))),
      );
      const opened = await openModel(half.folder, this.context);
      try {
        const start = stackedCheckpoint(opened.checkpoint);
        models.push((await this.trained('stacking', 'stacked', start, half.fingerprint)).model);
      } finally {
        await opened.checkpoint.close();
      }
    }
    return models;
  }

  /** Trains as the recipe says, from `start`, in a folder of its own. */
  private async trained(
    name: string,
    initialisation: string,
    start: Checkpoint,
    startFingerprint: string,
  ): Promise<TrainedModel> {
    const { train, device } = this.recipe;
    const { context, tokens } = this;
    const place = name.replaceAll(' ', '-');
    const folder = join(this.stages.folder, place);
    const config = parseConfig(start.config, `the config of ${name}`);
    const { steps, fingerprint } = await this.stages.run({
      name: `train ${name}`,
      inputs: () => ({
        hash: trainingHash(train, tokens, startFingerprint, context.version),
        shape: start.config,
      }),
      outputs: [`${place}/config.json`, `${place}/train.jsonl`],
      work: async () => {
        const outcome = await trainStage(
          {
            ...{ start: { checkpoint: start, config }, startFingerprint, section: train, tokens },
            ...{ outFolder: folder, resume: true, onForeign: 'startOver' },
            engine: () => context.engine(device),
          },
          context,
        );
        return { steps: outcome.steps, fingerprint: await hashModel(folder) };
      },
    });
    const lossNats = await this.measured(name, folder, fingerprint);
    const parameters = parameterCount(config);
    const model = { name, blocks: config.layers, parameters, initialisation, steps, lossNats };
    return { model, folder, fingerprint };
  }

  private async measured(name: string, folder: string, fingerprint: string): Promise<number> {
    const { train, device } = this.recipe;
    const { context, tokens } = this;
    const { lossNats } = await this.stages.run({
      name: `validate ${name}`,
      inputs: () => ({
        ...{ fingerprint, tokens: tokens.fingerprint },
        ...{ T: train.sequenceLength, version: context.version },
      }),
      outputs: [],
      work: async () => {
        const { checkpoint, config } = await openModel(folder, context);
        const { sequenceLength } = train;
        const split = await openValidationSplit(tokens.validation!, {
          ...{ vocabularySize: config.vocabulary, sequenceLength, limit: train.validationTokens },
        });
        try {
          const { lossNats } = await validationLoss({
            ...{ engine: await context.engine(device), config, checkpoint, precision: 'float32' },
            ...{ sequenceLength, count: split.count, windows: split.windows, progress: context.progress },
            ...{ label: `validation loss of ${name}`, signal: context.signal },
          });
          return { lossNats };
        } finally {
          await split.close();
          await checkpoint.close();
        }
      },
    });
    context.progress.note(`${name}: validation loss ${lossNats.toFixed(4)} nats`);
    return lossNats;
  }
}

function isParity(target: GrownModel, reference: GrownModel, { grow }: GrowRecipe): boolean {
  return target.lossNats <= reference.lossNats + grow.tolerance;
}
