import { EXIT } from '../errors.ts';
import type { Progress } from '../progress.ts';
import { EvaluateError } from './evaluate-error.ts';
import type { Loglikelihood, Scorer, TokenRequest } from './result.ts';
import type { ScoreJournal } from './score-journal.ts';

/**
 * The answers to all requests, in order: those of the journal, and the scorer's for the rest, asked once.
 * @throws EvaluateError `bad-scorer` where the scorer leaves requests out
 */
export async function scoreRequests(
  requests: readonly TokenRequest[],
  scorer: Scorer,
  journal: ScoreJournal | undefined,
  progress: Progress,
): Promise<Loglikelihood[]> {
  const answers = requests.map((request) => journal?.find(request));
  const missing = answers.flatMap((answer, index) => (answer === undefined ? [index] : []));
  const reused = requests.length - missing.length;
  if (reused > 0) {
    progress.note(
      `${reused.toLocaleString('en')} of ${requests.length.toLocaleString('en')} requests were scored before the interruption.`,
    );
  }
  if (missing.length > 0) {
    const asked = missing.map((index) => requests[index]!);
    const scores = await scorer(asked, (index, result) => journal?.add(asked[index]!, result));
    if (scores.length !== asked.length) {
      throw new EvaluateError(
        'bad-scorer',
        `The scorer answered ${String(scores.length)} of ${String(asked.length)} requests. It must answer each, in order.`,
        { exitCode: EXIT.failed },
      );
    }
    for (const [position, index] of missing.entries()) answers[index] = scores[position];
  }
  return answers as Loglikelihood[];
}
