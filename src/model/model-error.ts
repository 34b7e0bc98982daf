import { InherituneError } from '../errors.ts';

/** A model that cannot be built as its files say. `code` is `config` or `weights`. */
export class ModelError extends InherituneError {
  constructor(code: 'config' | 'weights', message: string) {
    super(code, message);
  }
}
