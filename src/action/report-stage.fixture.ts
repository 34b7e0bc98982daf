import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { BaselineFound, BaselineSource } from './baseline.ts';
import type { ReportStageResult } from './report-stage.ts';
import { reportStage } from './report-stage.ts';
import type { ShardFile } from './shard-file.ts';

export const HEAD = 'a'.repeat(40);
export const TASKS = ['piqa', 'wnli'];

/** The report stage on a folder's `shards`. */
export function reportIn(
  folder: string,
  baseline?: BaselineSource,
  expected: string[] = [],
): Promise<ReportStageResult> {
  return reportStage({
    expected,
    ...{ shardFolder: join(folder, 'shards'), outFolder: join(folder, 'out'), headSha: HEAD, baseline },
    ...{ maximumDropPoints: 1, confidence: 0.95, reportUrl: 'https://github.com/octo/models/actions/runs/1' },
  });
}

/** A source of baselines that finds one thing. */
export function source(found: BaselineFound): BaselineSource {
  return { find: () => Promise.resolve(found) };
}

/** Shard 1 holds piqa, shard 2 wnli. */
export function shard(variant: string, index: number, share = 0.5): ShardFile {
  const name = TASKS[index - 1]!;
  return {
    ...{ kind: 'inheritune-shard', schemaVersion: 2, variant, shard: { index, count: 2 }, headSha: HEAD },
    ...{ recipe: 'recipes/x.yml', requested: TASKS, models: ['trained'] },
    results: { trained: makeEvaluation({ [name]: task(name, share) }) },
  };
}

/** Forty items, a share of them right. */
export function task(name: string, share: number): ReturnType<typeof makeBinaryTask> {
  return makeBinaryTask(
    name,
    Array.from({ length: 40 }, (_, index) => (index < share * 40 ? 1 : 0)),
  );
}

/** In a folder of its own, as artifacts are downloaded. */
export function leave(folder: string, file: ShardFile): void {
  const name = `results-${file.variant}-${String(file.shard.index)}`;
  mkdirSync(join(folder, 'shards', name));
  writeFileSync(join(folder, 'shards', name, 'shard.json'), JSON.stringify(file));
}

/** Any file among the shards. */
export function leavePart(folder: string, name: string, part: unknown): void {
  writeFileSync(join(folder, 'shards', name), JSON.stringify(part));
}
