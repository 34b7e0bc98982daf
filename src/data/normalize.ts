import { normalizerClasses } from './tokenizer-library.ts';

import type { NormalizerSpec } from './tokenizer-schema.ts';

/** Text as the tokenizer's normalizer leaves it; nothing is prepended to empty text. */
export type Normalize = (text: string) => string;

/** The normalizer of a `tokenizer.json`, or the identity where it has none. */
export function createNormalizer(spec: NormalizerSpec | null | undefined): Normalize {
  if (spec === null || spec === undefined) return (text) => text;
  switch (spec.type) {
    case 'Sequence': {
      const steps = spec.normalizers.map(createNormalizer);
      return (text) => steps.reduce((soFar, step) => step(soFar), text);
    }
    case 'Prepend': {
      const prepend = new normalizerClasses.Prepend(spec);
      return (text) => (text === '' ? text : prepend.normalize(text));
    }
    case 'Replace': {
      // The library hands `content` to String.replaceAll, where "$&" and "$1" mean something; in Rust they do not.
      const replace = new normalizerClasses.Replace({ ...spec, content: spec.content.replaceAll('$', '$$$$') });
      return (text) => replace.normalize(text);
    }
    default: {
      const form = new normalizerClasses[spec.type](spec);
      return (text) => form.normalize(text);
    }
  }
}
