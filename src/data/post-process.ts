import type { PostProcessorSpec } from './tokenizer-schema.ts';

/** Adds what the tokenizer adds around one text: BOS, EOS, CLS, SEP. */
export type PostProcess = (ids: number[]) => number[];

/** The post-processor of a `tokenizer.json` for single texts; byte-level ones move offsets only and are the identity. */
export function createPostProcessor(spec: PostProcessorSpec | null | undefined): PostProcess {
  if (spec === null || spec === undefined) return (ids) => ids;
  switch (spec.type) {
    case 'Sequence': {
      const steps = spec.processors.map(createPostProcessor);
      return (ids) => steps.reduce((soFar, step) => step(soFar), ids);
    }
    case 'ByteLevel':
      return (ids) => ids;
    case 'TemplateProcessing': {
      const parts = spec.single.map((part) =>
        'SpecialToken' in part ? (spec.special_tokens[part.SpecialToken.id]?.ids ?? []) : null,
      );
      return (ids) => parts.flatMap((part) => part ?? ids);
    }
    default:
      return (ids) => [spec.cls[1], ...ids, spec.sep[1]];
  }
}
