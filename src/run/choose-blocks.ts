import { basename } from 'node:path';
import type { Engine } from '../engine/load.ts';
import { chooseLayers } from '../inherit/choose-layers.ts';
import type { BlockScores } from '../inherit/scores/block-scores.ts';
import { scoreBlocks } from '../inherit/scores/score-blocks.ts';
import { isContiguous, selectBlocks } from '../inherit/scores/select-blocks.ts';
import { isSelection, layersBeforeScoring } from '../recipe/layer-selection.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { SelectionFacts } from '../report/run-report-input.ts';
import type { RunContext } from './context.ts';
import { hashTree } from './fingerprint.ts';
import { openModel } from './open-model.ts';
import type { OpenModel } from './open-model.ts';
import type { RunModel } from './run-models.ts';
import type { StageOutput, StageRunner } from './stage-record.ts';
import { textWindows } from './text-windows.ts';
import type { TextSample } from './text-windows.ts';

/** The blocks that a recipe keeps of its reference. */
export interface BlockChoice {
  /** For `inherit`. Not the same before and after `made` had to be made again. */
  readonly layers: number | readonly number[];
  /** What they were chosen by; undefined where the recipe names them. */
  readonly selection: SelectionFacts | undefined;
  /** The stage that scores the blocks. */
  readonly made: StageOutput<BlockScores> | undefined;
}

/**
 * The blocks that a recipe names, or those with the highest scores: then the reference is scored on the text, in a stage of its own.
 * A baseline of random weights takes nothing from the reference, so its blocks are only counted.
 * @throws InheritError `bad-layers` before anything is computed; the errors of `textWindows` and `scoreBlocks`.
 */
export async function chooseBlocks(
  recipe: Recipe,
  source: Pick<RunModel, 'folder' | 'fingerprint' | 'made'>,
  blocks: number,
  stages: StageRunner,
  context: RunContext,
): Promise<BlockChoice> {
  const { layers } = recipe.inherit!;
  const planned = layersBeforeScoring(layers);
  chooseLayers(planned, blocks);
  if (!isSelection(layers) || recipe.train?.initialise === 'random') {
    return { layers: planned, selection: undefined, made: undefined };
  }
  const { by, keep, contiguous = isContiguous(by), text, windows, windowLength } = layers.select;
  const textHash = await hashTree(text);
  let scored = source.fingerprint;
  const made = await stages.take({
    name: 'score blocks',
    inputs: () => ({
      ...{ source: source.fingerprint, text: textHash, windows, windowLength },
      ...{ version: context.version, device: recipe.device },
    }),
    needs: [source.made],
    outputs: [],
    work: async () => {
      const model = await openModel(source.folder, context);
      scored = source.fingerprint;
      try {
        return await scoreModel(model, layers.select, () => context.engine(recipe.device), context);
      } finally {
        await model.checkpoint.close();
      }
    },
    // The scores are all that the stage leaves, and they hold as long as the weights are those that were scored.
    find: () => Promise.resolve(source.fingerprint === scored ? stages.folder : undefined),
  });
  return {
    get layers() {
      return selectBlocks(made.result.blocks, { by, keep, contiguous });
    },
    get selection() {
      return { by, contiguous, text: basename(text), ...made.result };
    },
    made,
  };
}

/** Scores the blocks of a model on a text. The engine is set up once the text has been read and found good. */
export async function scoreModel(
  model: OpenModel,
  sample: TextSample,
  engine: () => Promise<Engine>,
  { progress, signal }: RunContext,
): Promise<BlockScores> {
  const windows = await textWindows(sample, model, signal);
  const { config, checkpoint } = model;
  return scoreBlocks({ engine: await engine(), config, checkpoint, windows, progress, signal });
}
