import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { EvaluationResult } from '../evaluate/result.ts';
import { parameterCount } from '../model/parameters.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { RunReportInput, TrainingFacts } from '../report/run-report-input.ts';
import { renderRunReport, renderTerminalTable } from '../report/run-report.ts';
import { readTrainLog } from '../train/train-log.ts';
import type { RunContext } from './context.ts';
import type { OpenModel } from './open-model.ts';
import type { StageRunner } from './stage-record.ts';
import { runSummary } from './run-summary.ts';

export interface RunReportFacts {
  readonly recipe: Recipe;
  readonly reference: OpenModel;
  /** The reference as the recipe names it, before its path was made absolute. */
  readonly referenceName: string;
  readonly evaluated: readonly {
    readonly model: { readonly key: string; readonly label: string };
    readonly result: EvaluationResult;
  }[];
  readonly stages: StageRunner;
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
  const { recipe, evaluated, stages } = facts;
  const input: RunReportInput = {
    title: `inheritune: ${recipe.name}`,
    models: evaluated.map(({ model, result }) => ({
      ...{ key: model.key, label: model.label, result },
      parameters: result.parameters,
    })),
    inherit: inheritance(facts),
    training: recipe.train === undefined ? undefined : await trainingFacts(recipe, stages.folder, stages),
    facts: runFacts(facts, context),
    stages: stages.reported,
    command: facts.command,
  };
  const reportFile = join(stages.folder, 'report.md');
  await writeFileAtomic(reportFile, renderRunReport(input));
  await writeFileAtomic(
    join(stages.folder, 'results.json'),
    `${JSON.stringify(runSummary(input), null, 2)}\n`,
  );
  return { text: renderTerminalTable(input), reportFile };
}

function inheritance(facts: RunReportFacts): RunReportInput['inherit'] {
  const { recipe, reference } = facts;
  if (recipe.inherit === undefined) return undefined;
  const { layers, carry } = recipe.inherit;
  const names = { embeddings: 'embeddings', finalNorm: 'final norm', head: 'head' } as const;
  return {
    source: facts.referenceName,
    sourceBlocks: reference.config.layers,
    blocks: typeof layers === 'number' ? Array.from({ length: layers }, (_, i) => i) : layers,
    carried: recipe.train?.initialise === 'random' ? [] : carry.map((part) => names[part]),
  };
}

async function trainingFacts(
  recipe: Recipe,
  folder: string,
  stages: StageRunner,
): Promise<TrainingFacts | undefined> {
  const lines = await readTrainLog(folder);
  const last = lines.at(-1);
  if (last === undefined) return undefined;
  return {
    steps: last.step,
    tokens: last.tokens,
    seconds: stages.reported.find(({ name }) => name === 'train')?.seconds ?? 0,
    precision: recipe.train!.precision,
    losses: lines.map(({ step, loss }) => ({ step, loss })),
    validation: lines.flatMap(({ step, validationLoss }) =>
      validationLoss === undefined ? [] : [{ step, lossNats: validationLoss }],
    ),
  };
}

function runFacts(
  { recipe, reference, referenceName, evaluated }: RunReportFacts,
  context: RunContext,
): Record<string, string | number> {
  const environment = evaluated.at(-1)?.result.environment ?? {};
  return {
    ...(recipe.inherit === undefined ? { Reference: referenceName } : {}),
    'Reference parameters': parameterCount(reference.config).toLocaleString('en'),
    ...(recipe.train === undefined ? {} : { Seed: recipe.train.seed }),
    'Evaluation limit': recipe.evaluate?.limit ?? 'none',
    ...(environment['processor'] === undefined ? {} : { Device: environment['processor'] }),
    ...(environment['driver'] === undefined ? {} : { Driver: environment['driver'] }),
    ...(environment['tensorflow'] === undefined ? {} : { TensorFlow: environment['tensorflow'] }),
    Node: process.versions.node,
    inheritune: context.version,
  };
}
