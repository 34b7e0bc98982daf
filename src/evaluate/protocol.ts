import type { Tokenizer } from '../data/tokenizer.ts';
import { EvaluateError } from './evaluate-error.ts';
import type { GroupResult, Protocol, ProtocolScore, TaskResult } from './result.ts';
import type { Question, Task } from './tasks/task.ts';

/** All protocols, the first one being the default. */
export const PROTOCOLS = ['lm-eval-0.4.13', 'inheritune-2024'] as const satisfies readonly Protocol[];

/** What a protocol leaves to the options. */
export interface ProtocolOptions {
  readonly protocol?: Protocol | undefined;
  readonly addBos?: boolean | undefined;
  readonly fewShot?: number | undefined;
}

/**
 * The options with what the protocol decides. `inheritune-2024` is what the paper's table was made with (lit-gpt's adapter
 * on the evaluation harness at 115206d): no BOS, 0 examples (5 for MMLU).
 * @throws EvaluateError `bad-option` where an option asks for something else
 */
export function protocolOptions({ protocol, addBos, fewShot }: ProtocolOptions): {
  readonly addBos: boolean | undefined;
  readonly fewShot: number | undefined;
} {
  if (protocol !== 'inheritune-2024') return { addBos, fewShot };
  if (addBos === true) throw fixed('contexts have no BOS token', 'addBos true');
  if (fewShot !== undefined) throw fixed('the nine have 0 examples and MMLU 5', `fewShot ${String(fewShot)}`);
  return { addBos: false, fewShot };
}

/** Whether lm-eval reads other tokens than the protocol: the tokenizer itself puts a BOS in front, and nobody has said no. */
export function changesTokens(tokenizer: Tokenizer, { protocol, addBos }: ProtocolOptions): boolean {
  if (protocol !== 'inheritune-2024' || addBos !== undefined) return false;
  return tokenizer.encode('a').length !== tokenizer.encode('a', { addSpecialTokens: false }).length;
}

/**
 * A task as the protocol defines it. Versions are those of the harness that the paper pinned, so that results of the
 * two protocols are never taken for the same task.
 */
export function protocolTask(task: Task, protocol: Protocol | undefined): Task {
  if (protocol !== 'inheritune-2024') return task;
  switch (task.name) {
    case 'wsc':
      // The spans as SuperGLUE has them: eight of 104 rows differ in the case of a letter.
      return {
        ...task,
        version: 0,
        file: 'wsc.unfixed',
        exactFile: true,
        hub: { ...task.hub, config: 'wsc' },
      };
    case 'truthfulqa_mc2':
      return { ...task, version: 1, read: cutting(task.read) };
    default:
      return task;
  }
}

/**
 * The paper's numbers, with lm-eval's beside those that differ: LogiQA by acc_norm, MMLU as the plain mean of its
 * subjects, wsc and TruthfulQA by the definitions above, all of them where the BOS makes a difference.
 * @param standard results by lm-eval's own definitions, for the tasks that the protocol changes
 */
export function protocolScores(
  tasks: Readonly<Record<string, TaskResult>>,
  groups: Readonly<Record<string, GroupResult>>,
  standard: Readonly<Record<string, TaskResult>>,
): Record<string, ProtocolScore> {
  const scores: Record<string, ProtocolScore> = {};
  for (const [name, task] of Object.entries(tasks)) {
    if (task.status !== 'scored') continue;
    const metric = name === 'logiqa' ? 'acc_norm' : 'acc';
    const other = standard[name] ?? task;
    const lmEval = other.status === 'scored' ? Number(other.metrics['acc']) : undefined;
    scores[name] = compared(metric, Number(task.metrics[metric]), lmEval);
  }
  return { ...scores, ...groupProtocolScores(groups, tasks, scores) };
}

/**
 * The same of groups, from the scores of their subjects, which may come from several evaluations.
 * lm-eval weighs every question alike.
 */
export function groupProtocolScores(
  groups: Readonly<Record<string, GroupResult>>,
  tasks: Readonly<Record<string, TaskResult>>,
  scores: Readonly<Record<string, ProtocolScore>>,
): Record<string, ProtocolScore> {
  const lmEvalRights = (name: string): number => {
    const [task, score] = [tasks[name], scores[name]];
    return task?.status === 'scored' && score !== undefined
      ? (score.lmEval ?? score).value * task.docs
      : Number.NaN;
  };
  return Object.fromEntries(
    Object.entries(groups).map(([name, { macro_acc, docs, tasks: members }]) => {
      const acc = members.reduce((sum, member) => sum + lmEvalRights(member), 0) / docs;
      return [name, compared('macro_acc', macro_acc, Number.isNaN(acc) ? undefined : acc)];
    }),
  );
}

function compared(metric: string, value: number, lmEval: number | undefined): ProtocolScore {
  const differs = lmEval !== undefined && lmEval !== value;
  return { metric, value, ...(differs ? { lmEval: { metric: 'acc', value: lmEval } } : {}) };
}

/**
 * The old harness took everything from the first false answer on for false. Two questions have a true one after that
 * (rows 25 and 208, counted from 0).
 */
function cutting(read: Task['read']): Task['read'] {
  return (value) => {
    const result = read(value);
    return 'question' in result ? { question: cut(result.question) } : result;
  };
}

function cut(question: Question): Question {
  if (question.kind !== 'continuations' || question.labels === undefined) return question;
  const first = question.labels.indexOf(0);
  if (first === -1) return question;
  return { ...question, labels: question.labels.map((label, index) => (index < first ? label : 0)) };
}

function fixed(rule: string, asked: string): EvaluateError {
  return new EvaluateError(
    'bad-option',
    `In the protocol inheritune-2024 ${rule}, but ${asked} was asked for. Leave the option out, or use lm-eval-0.4.13.`,
  );
}
