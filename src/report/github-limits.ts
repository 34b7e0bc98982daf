/** A longest text and how it is counted. */
export interface TextLimit {
  readonly maximum: number;
  /**
   * `characters`: UTF-16 units (JavaScript's `length`). GitHub counts code points, or up to 262,144 bytes of UTF-8, depending on
   * the endpoint; UTF-16 units are never fewer than code points and never more than three bytes each, so 65,536
   * of them pass either check. `bytes`: bytes of UTF-8.
   */
  readonly unit: 'characters' | 'bytes';
}

/** Body of an issue or pull request comment ("Body is too long (maximum is 65536 characters)"). */
export const COMMENT_LIMIT: TextLimit = { maximum: 65_536, unit: 'characters' };

/** Summary of a check run. */
export const CHECK_SUMMARY_LIMIT: TextLimit = { maximum: 65_535, unit: 'characters' };

/** Job summary of one step; past it the runner drops the whole summary, not its end. */
export const JOB_SUMMARY_LIMIT: TextLimit = { maximum: 1_048_576, unit: 'bytes' };

/** Annotations that GitHub shows per step and level, and per job; the Checks API takes 50 in a request. */
export const ANNOTATIONS_PER_STEP = 10;
export const ANNOTATIONS_PER_JOB = 50;
export const ANNOTATIONS_PER_REQUEST = 50;
