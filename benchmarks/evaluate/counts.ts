import { createHash } from 'node:crypto';
import type { Tokenizer } from '../../src/data/tokenizer.ts';
import { evaluate } from '../../src/evaluate/evaluate.ts';
import { folderRows } from '../../src/evaluate/load-rows.ts';
import { usualLimits } from '../../src/evaluate/model-scorer.ts';
import { packRows } from '../../src/evaluate/pack-rows.ts';
import type { TokenRequest } from '../../src/evaluate/result.ts';
import type { Job } from './jobs.ts';

/** Tokens that go through the model, without padding. */
export interface TokenCounts {
  readonly requests: number;
  /** Every request alone. */
  readonly plain: number;
  /** lm-eval's hf model: requests that differ in their last token only are run once. */
  readonly grouped: number;
  /** The scorer on a CPU. */
  readonly computed: number;
}

/** The requests of a job, just as the scorer gets them. */
export async function requestsOf(
  { tasks, limit }: Job,
  model: { readonly tokenizer: Tokenizer; readonly maxLength: number },
  dataFolder: string,
): Promise<readonly TokenRequest[]> {
  let asked: readonly TokenRequest[] = [];
  await evaluate({
    ...model,
    tasks,
    limit,
    loadRows: folderRows(dataFolder),
    scorer: (requests) => {
      asked = requests;
      return Promise.resolve(requests.map(() => ({ loglikelihood: -1, greedy: false })));
    },
  });
  return asked;
}

export function countTokens(requests: readonly TokenRequest[]): TokenCounts {
  return {
    requests: requests.length,
    plain: lengthOf(requests.map(({ input }) => input)),
    grouped: lengthOf(distinct(requests.map(({ input }) => input))),
    computed: computedTokens(requests),
  };
}

/** Rows with the same context follow each other: it is computed once for all of them. */
function computedTokens(requests: readonly TokenRequest[]): number {
  const rows = packRows(requests, usualLimits('cpu'));
  return rows.reduce(
    (sum, { ids, context }, i) => sum + ids.length + (context === rows[i - 1]?.context ? 0 : context.length),
    0,
  );
}

function distinct(inputs: readonly (readonly number[])[]): (readonly number[])[] {
  const byHash = new Map(
    [...new Set(inputs)].map((input) => [
      createHash('sha256')
        .update(new Uint8Array(Int32Array.from(input).buffer))
        .digest('base64'),
      input,
    ]),
  );
  return [...byHash.values()];
}

function lengthOf(inputs: readonly (readonly number[])[]): number {
  return inputs.reduce((sum, input) => sum + input.length, 0);
}
