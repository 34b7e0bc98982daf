import { join } from 'node:path';
import { inherit, initialiseRandom } from '../inherit/inherit.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { BlockChoice } from './choose-blocks.ts';
import type { RunContext } from './context.ts';
import { findMade } from './find-made.ts';
import { hashModel } from './fingerprint.ts';
import { openModel } from './open-model.ts';
import { peakMemoryBytes } from './peak-memory.ts';
import type { StageOutput, StageRunner } from './stage-record.ts';
import { trainStage, trainingHash } from './train-stage.ts';
import type { TrainStageOptions } from './train-stage.ts';
import type { TrainingTokens } from './training-tokens.ts';

/** A model of the run. Its weights may have been left out, where nothing has needed them so far. */
export interface RunModel {
  readonly key: 'reference' | 'inherited' | 'trained';
  readonly label: string;
  /** Where the weights lie, once `made` has been asked for its files. */
  readonly folder: string;
  /** Changes when the weights do. */
  readonly fingerprint: string;
  /** The stage that writes the weights; undefined for those that the recipe names. */
  readonly made: StageOutput<unknown> | undefined;
}

/** The first blocks of the reference, or the same architecture from random weights where the recipe asks for the baseline. */
export async function inheritedModel(
  recipe: Recipe,
  source: RunModel,
  choice: BlockChoice,
  stages: StageRunner,
  context: RunContext,
): Promise<RunModel> {
  const section = recipe.inherit!;
  const random = recipe.train?.initialise === 'random';
  const outFolder = join(stages.folder, 'inherited');
  let folder = outFolder;
  const made = await stages.take({
    name: 'inherit',
    inputs: () => ({
      ...{ source: source.fingerprint, section: { ...section, layers: choice.layers } },
      ...{ random, version: context.version },
    }),
    needs: [source.made, choice.made],
    outputs: ['inherited/config.json'],
    work: async () => {
      const { checkpoint } = await openModel(source.folder, context);
      const { progress } = context;
      try {
        const { carry, seed } = section;
        const { layers } = choice;
        const result = await inherit({ checkpoint, layers, carry, seed, outFolder, progress });
        if (random) {
          const { config } = result;
          const { sidecars } = checkpoint;
          await initialiseRandom({ config, seed: recipe.train!.seed, outFolder, sidecars, progress });
        }
        return { blocks: result.layers.length, layers: result.layers, fingerprint: await hashModel(folder) };
      } finally {
        await checkpoint.close();
      }
    },
    find: async ({ fingerprint }) => {
      const place = { stage: 'inherit', place: 'inherited' };
      const found = await findMade(stages.folder, place, fingerprint, hashModel);
      folder = found ?? folder;
      return found;
    },
  });
  const label = `${random ? 'random' : 'inherited'} (${made.result.blocks} blocks, untrained)`;
  return madeModel('inherited', label, made, () => folder);
}

/** `start` trained as the recipe says, into the run's own folder. */
export async function trainedModel(
  recipe: Recipe,
  start: RunModel,
  tokens: TrainingTokens,
  stages: StageRunner,
  context: RunContext,
): Promise<RunModel> {
  const section = recipe.train!;
  let folder = stages.folder;
  const made = await stages.take({
    name: 'train',
    inputs: () => ({ hash: trainingHash(section, tokens, start.fingerprint, context.version) }),
    needs: [start.made, tokens.made],
    outputs: ['config.json', 'train.jsonl'],
    work: async () => {
      const model = await openModel(start.folder, context);
      try {
        return await trainInto(
          stages.folder,
          { start: model, startFingerprint: start.fingerprint, section, tokens },
          recipe,
          context,
        );
      } finally {
        await model.checkpoint.close();
      }
    },
    find: async ({ fingerprint }) => {
      const found = await findMade(stages.folder, { stage: 'train', place: '.' }, fingerprint, hashModel);
      folder = found ?? folder;
      return found;
    },
  });
  return madeModel('trained', 'trained', made, () => folder);
}

/** @param folder where the weights lie by now: a stage that needs them may find them in another run's folder */
function madeModel(
  key: RunModel['key'],
  label: string,
  made: StageOutput<{ readonly fingerprint: string }>,
  folder: () => string,
): RunModel {
  return {
    key,
    label,
    get folder() {
      return folder();
    },
    get fingerprint() {
      return made.result.fingerprint;
    },
    made,
  };
}

/** The training of a stage, with what its record keeps: the hash of the weights and the peak memory. */
export async function trainInto(
  outFolder: string,
  options: Pick<TrainStageOptions, 'start' | 'startFingerprint' | 'section' | 'tokens'>,
  recipe: Pick<Recipe, 'device'>,
  context: RunContext,
) {
  const engine = () => context.engine(recipe.device);
  const outcome = await trainStage(
    { ...options, engine, outFolder, resume: true, onForeign: 'startOver' },
    context,
  );
  return {
    ...outcome,
    peakMemoryBytes: (await peakMemoryBytes((await engine()).device, context.env)) ?? null,
    fingerprint: await hashModel(outFolder),
  };
}
