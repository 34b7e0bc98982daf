import type { CommentStamp } from './comment-marker.ts';
import { compareStamps } from './comment-marker.ts';

/** A comment of ours under the key in question. */
export interface OwnComment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly stamp: CommentStamp;
}

export interface Draft {
  readonly body: string;
  readonly stamp: CommentStamp;
}

/** The next step towards "exactly one comment, holding the newest result". */
export type CommentPlan =
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly comment: OwnComment; readonly body: string }
  | { readonly kind: 'delete'; readonly comments: readonly OwnComment[] }
  | { readonly kind: 'done'; readonly comment: OwnComment; readonly holds: 'mine' | 'newer' };

/**
 * Decides one step from what is on the pull request now; pure. Every run follows the same rule, so runs that race pull in the
 * same direction: the oldest comment is the one that stays, it is brought to the newest content, then the others go.
 * GitHub has neither a conditional update nor a unique constraint, so the caller repeats until `done`.
 * @param hasWritten whether this run already wrote: then an equal stamp is its own work (or that of a sibling job with the
 * same key, with which it must not fight for ever).
 */
export function planComment(
  own: readonly OwnComment[],
  draft: Draft,
  currentHead: string | undefined,
  hasWritten: boolean,
): CommentPlan {
  const [keep, ...duplicates] = own.toSorted((a, b) => a.id - b.id);
  if (!keep) return { kind: 'create' };

  const newest = own.reduce((a, b) => (compareStamps(b.stamp, a.stamp, currentHead) > 0 ? b : a), keep);
  const against = compareStamps(draft.stamp, newest.stamp, currentHead);
  const isMine = against === 0 && (hasWritten || newest.body === draft.body);
  if (against > 0 || (against === 0 && !isMine)) return { kind: 'update', comment: keep, body: draft.body };
  if (compareStamps(keep.stamp, newest.stamp, currentHead) < 0) {
    return { kind: 'update', comment: keep, body: newest.body };
  }
  if (duplicates.length > 0) return { kind: 'delete', comments: duplicates };
  return { kind: 'done', comment: keep, holds: against === 0 ? 'mine' : 'newer' };
}
