/** Which run wrote a comment, and about which commit. */
export interface CommentStamp {
  /** Names one comment of several on a pull request: `[A-Za-z0-9._-]`, at most 64 characters. */
  readonly key: string;
  readonly headSha: string;
  readonly runId: number;
  readonly runAttempt: number;
}

/** What a comment key may be; the marker's grammar relies on it. */
export const COMMENT_KEY = /^[A-Za-z0-9._-]{1,64}$/;

// Anchored to the start of the body: a marker that somebody's text brings into a report further down is only text.
const MARKER =
  /^<!-- inheritune-action key=([A-Za-z0-9._-]{1,64}) head=([0-9a-f]{40,64}) run=(\d{1,15}) attempt=(\d{1,6}) -->/;

/** The hidden first line of a comment. */
export function renderMarker(stamp: CommentStamp): string {
  const { key, headSha, runId, runAttempt } = stamp;
  return `<!-- inheritune-action key=${key} head=${headSha} run=${String(runId)} attempt=${String(runAttempt)} -->`;
}

/** The stamp of a comment's body, or undefined when it does not begin with a marker. */
export function readMarker(body: string): CommentStamp | undefined {
  const match = MARKER.exec(body);
  if (!match) return undefined;
  const [, key, headSha, run, attempt] = match;
  return { key: key!, headSha: headSha!, runId: Number(run), runAttempt: Number(attempt) };
}

/**
 * Negative when `a` is older than `b`, 0 when both come from the same attempt of the same run.
 * A result for the pull request's current head is newer than one for any other commit, whatever the run ids say: with
 * `workflow_run` the run about an older commit may be the one that starts last. Otherwise run ids, which only grow, decide;
 * a re-run keeps its id, so re-running an old run does not make it new.
 */
export function compareStamps(a: CommentStamp, b: CommentStamp, currentHead: string | undefined): number {
  const isCurrent = (stamp: CommentStamp): number => (stamp.headSha === currentHead ? 1 : 0);
  return isCurrent(a) - isCurrent(b) || a.runId - b.runId || a.runAttempt - b.runAttempt;
}
