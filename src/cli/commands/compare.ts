import { resolve } from 'node:path';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, InherituneError } from '../../errors.ts';
import { DEFAULT_GATES } from '../../judge/gates.ts';
import type { GrowthSides } from '../../judge/growth-judgement.ts';
import type { ValidationSides } from '../../judge/validation-comparison.ts';
import { shellWord } from '../../report/comparison-facts.ts';
import type { ComparisonFacts } from '../../report/comparison-facts.ts';
import { renderComparison } from '../../report/comparison-report.ts';
import { renderGrowthComparison } from '../../report/growth-comparison.ts';
import { inOneForm } from '../../store/compact-model.ts';
import { factsOfRecords } from '../../store/comparison-facts.ts';
import { isGrown } from '../../store/run-record.ts';
import type { GrownRecord } from '../../store/run-record.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readComparable } from '../read-comparable.ts';
import type { Comparable } from '../read-comparable.ts';

interface Options {
  readonly out?: string;
  readonly maxDrop: string;
  readonly maxLossRise: string;
  readonly confidence: string;
  readonly model: string;
  readonly tasks?: string;
  readonly baseSeeds?: string[];
  readonly headSeeds?: string[];
}

export const compareCommand: CommandDefinition = (io, end) =>
  new Command('compare')
    .description(
      'Compares two results item by item and says whether the second is a regression (exit code 3).',
    )
    .argument('<base>', 'results file, run record, or the folder of a run')
    .argument('<head>', 'results file, run record, or the folder of a run')
    .option('--out <file>', 'write the report as Markdown instead of printing it')
    .option(
      '--max-drop <points>',
      'largest accepted drop in percentage points',
      String(DEFAULT_GATES.maximumDropPoints),
    )
    .option(
      '--max-loss-rise <nats>',
      'largest accepted rise of the validation loss, where several seeds make it judgeable',
      String(DEFAULT_GATES.maximumLossRise),
    )
    .option('--confidence <share>', 'of the intervals and of the verdict', String(DEFAULT_GATES.confidence))
    .option('--model <name>', 'which of a run’s models', 'trained')
    .option('--tasks <names>', 'show these tasks only; the verdict is still that of all')
    .option('--base-seeds <path...>', 'further runs of base that differ in their seeds only')
    .option('--head-seeds <path...>', 'further runs of head that differ in their seeds only')
    .action(async (base: string, head: string, options: Options) => {
      const { context, print } = io();
      const read = (path: string): Promise<Comparable> => readComparable(path, options.model, context.cwd);
      const sides = { base: await read(base), head: await read(head) };
      const seeds = {
        base: await Promise.all((options.baseSeeds ?? []).map(read)),
        head: await Promise.all((options.headSeeds ?? []).map(read)),
      };
      const paths = { base, head };
      const gates = {
        maximumDropPoints: numberOf('--max-drop', options.maxDrop),
        maximumLossRise: numberOf('--max-loss-rise', options.maxLossRise),
        confidence: numberOf('--confidence', options.confidence),
      };
      const more = facts(sides, paths, options);
      const grown = growthSides(sides, seeds, paths);
      const { markdown, summary, verdict } =
        grown === undefined
          ? renderComparison(
              ...inOneForm([sides.base.result!, sides.head.result!] as const),
              ...([paths, gates, more, { validation: losses(sides, seeds) }] as const),
            )
          : renderGrowthComparison(grown, paths, gates, more);
      if (options.out !== undefined) await writeFileAtomic(resolve(context.cwd, options.out), markdown);
      print(options.out === undefined ? markdown.trimEnd() : summary);
      if (verdict === 'regression') end(EXIT.regression);
      if (verdict === 'missing' || verdict === 'incomparable') end(EXIT.failed);
    });

interface Sides<T> {
  readonly base: T;
  readonly head: T;
}

function facts({ base, head }: Sides<Comparable>, paths: Sides<string>, options: Options): ComparisonFacts {
  const only = options.tasks?.split(',').map((name) => name.trim());
  const set = [
    ...(options.model === 'trained' ? [] : ['--model', options.model]),
    ...(options.maxDrop === String(DEFAULT_GATES.maximumDropPoints) ? [] : ['--max-drop', options.maxDrop]),
    ...(options.confidence === String(DEFAULT_GATES.confidence) ? [] : ['--confidence', options.confidence]),
  ];
  const compare = ['inheritune', 'compare', paths.base, paths.head, ...set].map(shellWord).join(' ');
  return {
    ...(base.record && head.record ? factsOfRecords(base.record, head.record) : {}),
    commands: {
      compare,
      ...(base.record && { base: base.record.command }),
      ...(head.record && { head: head.record.command }),
    },
    ...(only === undefined ? {} : { only }),
  };
}

/** Undefined for two runs with scores. @throws InherituneError for one with scores and one that grew */
function growthSides(
  { base, head }: Sides<Comparable>,
  seeds: Sides<readonly Comparable[]>,
  paths: Sides<string>,
): GrowthSides | undefined {
  const grownOf = (all: readonly Comparable[]): GrownRecord[] =>
    all.flatMap(({ record }) => (isGrown(record) ? [record] : []));
  const [left] = grownOf([base]);
  const [right] = grownOf([head]);
  if (left === undefined && right === undefined) return undefined;
  if (left !== undefined && right !== undefined)
    return { base: [left, ...grownOf(seeds.base)], head: [right, ...grownOf(seeds.head)] };
  const [grown, other] = left === undefined ? [paths.head, paths.base] : [paths.base, paths.head];
  throw new InherituneError(
    'usage',
    `${grown} is a growing run, which has validation losses, and ${other} has scores. Compare two of one kind.`,
  );
}

function losses(sides: Sides<Comparable>, seeds: Sides<readonly Comparable[]>): ValidationSides {
  const of = (all: readonly Comparable[]): number[] =>
    all.flatMap(({ result }) => result?.validation?.lossNats ?? []);
  return { base: of([sides.base, ...seeds.base]), head: of([sides.head, ...seeds.head]) };
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InherituneError('usage', `${option} is ${JSON.stringify(text)}. Give a number.`);
}
