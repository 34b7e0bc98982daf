import { InherituneError } from '../errors.ts';

export type InheritErrorCode =
  'bad-layers' | 'bad-carry' | 'bad-config' | 'bad-output' | 'unsupported' | 'missing' | 'not-finite';

/** What stands in the way of copying blocks: a choice that does not fit the model, or a model whose parts are not known. */
export class InheritError extends InherituneError {
  constructor(code: InheritErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(`inherit/${code}`, message, options);
  }
}
