import { z } from 'zod';
import { PROTOCOLS } from '../evaluate/protocol.ts';
import { taskNames } from '../evaluate/tasks/registry.ts';
import { byteSize } from './byte-size.ts';

/** The models a run can evaluate. */
export const EVALUATED_MODELS = ['reference', 'inherited', 'trained'] as const;

/** All names but the 57 MMLU subjects one by one, which would bury the rest. */
const tasksInBrief = [...taskNames().filter((name) => !name.startsWith('mmlu_')), 'mmlu_<subject>']
  .map((name) => `\`${name}\``)
  .join(', ');

/** What the models are evaluated on. */
export const evaluateFields = z
  .strictObject({
    tasks: z
      .array(z.enum(taskNames()).meta({ typeText: tasksInBrief }))
      .min(1)
      .meta({
        description:
          "Tasks by lm-eval's names. `nine` stands for the paper's nine, `mmlu` for all its subjects, `mmlu_<subject>` for one.",
      }),
    limit: z
      .number()
      .positive()
      .refine((limit) => limit < 1 || Number.isInteger(limit), 'must be a whole number, or a share below 1')
      .exactOptional()
      .meta({
        typeText: 'whole number >= 1, or a share below 1',
        description:
          'The first documents of each task (of each MMLU subject) only; below 1 that share of them.',
        unit: 'documents',
        defaultText: 'all',
      }),
    protocol: z.enum(PROTOCOLS).default(PROTOCOLS[0]).meta({
      description:
        "Whose definitions the scores follow. `inheritune-2024` is how the paper's table was made: no BOS, `wsc` unfixed, LogiQA by acc_norm, TruthfulQA cut at the first false answer, MMLU as the mean of its subjects.",
    }),
    data: z.string().min(1).exactOptional().meta({
      description: "Folder of `<task>.jsonl` files in the hub datasets' schema.",
      defaultText: 'downloaded from the hub',
    }),
    fewShot: z.int().min(0).exactOptional().meta({
      description: 'Solved examples before each question.',
      unit: 'examples',
      defaultText: "the task's own",
    }),
    models: z
      .array(z.enum(EVALUATED_MODELS))
      .min(1)
      .default([...EVALUATED_MODELS])
      .meta({ description: 'Which models to evaluate; one that the recipe does not make is left out.' }),
    addBos: z.boolean().exactOptional().meta({
      description: 'Whether contexts start with the BOS token.',
      defaultText: "as the model's tokenizer does",
    }),
    maxMemory: z
      .union([z.int().positive(), z.string()])
      .refine(
        (size) => byteSize(size) !== undefined,
        'must be a number of bytes, or one with a unit such as 8GB',
      )
      .exactOptional()
      .meta({
        typeText: 'bytes, or text such as `8GB`',
        description:
          'Memory that scoring may take: of the process on a CPU, of the device on a GPU. Requests are put together so that the predicted peak stays below.',
        defaultText: 'no bound',
      }),
  })
  .meta({ description: 'What the models are evaluated on.' });
