import { InherituneError } from '../errors.ts';

/** A model that cannot be built as its files say. `code` is `config` or `weights`. */
export class ModelError extends InherituneError {}
