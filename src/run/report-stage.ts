import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { lastTarget } from '../judge/growth-result.ts';
import type { GrowthResult } from '../judge/growth-result.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { parameterCount } from '../model/parameters.ts';
import type { LoadedRecipe } from '../recipe/load-recipe.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { RunReportInput, TrainingFacts } from '../report/run-report-input.ts';
import { renderRunReport, renderTerminalTable } from '../report/run-report.ts';
import { inOneForm } from '../store/compact-model.ts';
import { grownFolder } from '../store/run-folder.ts';
import { readTrainLog, validationPoints } from '../train/train-log.ts';
import type { BlockChoice } from './choose-blocks.ts';
import type { RunContext } from './context.ts';
import type { LeftEvaluation } from './left-evaluation.ts';
import type { OpenModel } from './open-model.ts';
import type { StageRunner } from './stage-record.ts';
import { runSummary } from './run-summary.ts';

export interface EvaluatedModel {
  readonly model: { readonly key: string; readonly label: string };
  readonly result: JudgedResult;
}

/** What the stages left; null where the recipe has no such stage. */
export interface RunHashes {
  readonly referenceWeights: string | null;
  readonly inheritedWeights: string | null;
  readonly tokenStream: string | null;
  readonly batchOrder: string | null;
  readonly trainedWeights: string | null;
}

export interface RunReportFacts {
  readonly recipe: Recipe;
  /** The recipe as it was written, before its paths were made absolute. */
  readonly written: LoadedRecipe;
  /** Its architecture; the weights may be random. */
  readonly reference: OpenModel;
  /** Undefined where the recipe inherits nothing. */
  readonly choice: BlockChoice | undefined;
  readonly evaluated: readonly EvaluatedModel[];
  /** What another machine evaluates. */
  readonly left: readonly LeftEvaluation[];
  readonly stages: StageRunner;
  readonly hashes: RunHashes;
  /** Of a run of the growing loop, with the machine that computed its losses. */
  readonly growth?: GrowthResult;
  readonly environment?: JudgedResult['environment'];
  /** What a person types to get the same run again. */
  readonly command: string;
}

export interface RunReport {
  /** Headline and table for a terminal. */
  readonly text: string;
  readonly reportFile: string;
}

/** Writes `report.md` and `results.json` (everything but the single items) from what the stages left. */
export async function writeReport(facts: RunReportFacts, context: RunContext): Promise<RunReport> {
  const { recipe, evaluated, stages, written } = facts;
  const { baseline, firstChange = null } = stages;
  const results = inOneForm(evaluated.map(({ result }) => result));
  const input: RunReportInput = {
    title: `inheritune: ${recipe.name}`,
    models: evaluated.map(({ model: { key, label } }, i) => ({
      ...{ key, label, result: results[i]!, parameters: results[i]!.parameters },
    })),
    inherit: inheritance(facts),
    training: recipe.train === undefined ? undefined : await trainingFacts(facts),
    growth: facts.growth,
    facts: runFacts(facts, context),
    stages: stages.reported,
    ...(baseline === undefined ? {} : { baseline: { id: baseline.id, firstChange } }),
    command: facts.command,
  };
  const summary = {
    ...runSummary(input),
    recipe: { file: basename(written.file), overrides: written.overrides },
    hashes: facts.hashes,
    ...(facts.left.length === 0 ? {} : { left: facts.left }),
  };
  const reportFile = join(stages.folder, 'report.md');
  await writeFileAtomic(reportFile, renderRunReport(input));
  await writeFileAtomic(join(stages.folder, 'results.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return { text: renderTerminalTable(input), reportFile };
}

function inheritance(facts: RunReportFacts): RunReportInput['inherit'] {
  const { recipe, reference, choice } = facts;
  if (recipe.inherit === undefined || choice === undefined) return undefined;
  const { carry } = recipe.inherit;
  const { layers, selection } = choice;
  const names = { embeddings: 'embeddings', finalNorm: 'final norm', head: 'head' } as const;
  return {
    source: facts.written.recipe.reference.model,
    sourceBlocks: reference.config.layers,
    blocks: typeof layers === 'number' ? Array.from({ length: layers }, (_, i) => i) : layers,
    ...(selection === undefined ? {} : { selection }),
    carried: recipe.train?.initialise === 'random' ? [] : carry.map((part) => names[part]),
  };
}

async function trainingFacts({ recipe, growth, stages }: RunReportFacts): Promise<TrainingFacts | undefined> {
  const { folder, reported, baseline } = stages;
  const grown = growth && lastTarget(growth).name;
  const stage = reported.find(({ name }) => name === (grown === undefined ? 'train' : `train ${grown}`));
  const recorded =
    grown === undefined
      ? baseline?.record.training
      : baseline?.record.growth?.models.find(({ name }) => name === grown)?.training;
  if (stage?.from !== undefined && recorded) {
    const losses = recorded.losses.map(({ step, lossNats }) => ({ step, loss: lossNats }));
    return { ...recorded, losses, seconds: stage.seconds };
  }
  const lines = await readTrainLog(grown === undefined ? folder : join(folder, grownFolder(grown)));
  const last = lines.at(-1);
  if (last === undefined) return undefined;
  return {
    steps: last.step,
    tokens: last.tokens,
    seconds: stage?.seconds ?? 0,
    precision: recipe.train!.precision,
    losses: lines.map(({ step, loss }) => ({ step, loss })),
    validation: validationPoints(lines),
  };
}

function runFacts(
  { recipe, written, reference, evaluated, growth, ...facts }: RunReportFacts,
  context: RunContext,
): Record<string, string | number> {
  const environment = evaluated.at(-1)?.result.environment ?? facts.environment ?? {};
  const grown = growth && lastTarget(growth).name;
  return {
    ...(grown === undefined ? {} : { 'Trained model': `${grown}, in ${grownFolder(grown)}` }),
    ...(recipe.inherit === undefined ? { Reference: written.recipe.reference.model } : {}),
    'Reference parameters': parameterCount(reference.config).toLocaleString('en'),
    ...(recipe.train === undefined ? {} : { Seed: recipe.train.seed }),
    ...(grown === undefined ? { 'Evaluation limit': recipe.evaluate?.limit ?? 'none' } : {}),
    ...(environment['processor'] === undefined ? {} : { Device: environment['processor'] }),
    ...(environment['driver'] === undefined ? {} : { Driver: environment['driver'] }),
    ...(environment['tensorflow'] === undefined ? {} : { TensorFlow: environment['tensorflow'] }),
    Node: process.versions.node,
    inheritune: context.version,
  };
}
