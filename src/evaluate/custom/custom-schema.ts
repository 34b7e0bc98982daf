import { z } from 'zod';

const words = z.union([z.string(), z.array(z.string())]);

/** The keys of lm-eval's task files that are understood, and what they may hold. */
export const customSchema = z.strictObject({
  task: z.string().regex(/^[\w.-]+$/, 'must be letters, digits, _, - and .'),
  dataset_path: z.string().min(1).exactOptional(),
  dataset_kwargs: z
    .strictObject({ data_files: z.union([z.string(), z.record(z.string(), words)]) })
    .exactOptional(),
  output_type: z.literal('multiple_choice'),
  training_split: z.string().nullable().exactOptional(),
  validation_split: z.string().nullable().exactOptional(),
  test_split: z.string().nullable().exactOptional(),
  doc_to_text: z.string(),
  doc_to_choice: z.union([
    z.string(),
    z.array(z.string()).min(1),
    z
      .record(z.string(), z.string())
      .refine((choices) => Object.keys(choices).length > 0, 'must hold a choice'),
  ]),
  doc_to_target: z.union([z.string(), z.int().min(0)]),
  description: z
    .string()
    .refine((text) => !/\{[{%#]/.test(text), 'must be plain text, without {{ }}')
    .exactOptional(),
  target_delimiter: z.string().default(' '),
  fewshot_delimiter: z.string().exactOptional(),
  num_fewshot: z.literal(0).exactOptional(),
  metric_list: z
    .array(
      z.strictObject({
        metric: z.enum(['acc', 'acc_norm']),
        aggregation: z.literal('mean').exactOptional(),
        higher_is_better: z.literal(true).exactOptional(),
      }),
    )
    .min(1)
    .default([{ metric: 'acc' }, { metric: 'acc_norm' }]),
  metadata: z.looseObject({ version: z.number().default(1) }).default({ version: 1 }),
  tag: words.exactOptional(),
  task_alias: z.string().exactOptional(),
});

export type CustomDefinition = z.output<typeof customSchema>;

export const CUSTOM_KEYS = Object.keys(customSchema.shape);
