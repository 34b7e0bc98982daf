import { InherituneError } from '../errors.ts';

/** A record or store that cannot be read or written. */
export class StoreError extends InherituneError {}
