import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareStamps, readMarker, renderMarker } from './comment-marker.ts';
import type { OwnComment } from './comment-plan.ts';
import { planComment } from './comment-plan.ts';

const HEADS = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)] as const;
const stamps = fc.record({
  key: fc.constant('ci'),
  headSha: fc.constantFrom(...HEADS),
  runId: fc.integer({ min: 1, max: 9 }),
  runAttempt: fc.integer({ min: 1, max: 3 }),
});

describe('marker', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        expect(readMarker(`${renderMarker(stamp)}\ntext`)).toEqual(stamp);
      }),
    );
  });

  it.each([
    ['no marker', 'text'],
    ['not at the start', ` ${renderMarker({ key: 'ci', headSha: HEADS[0], runId: 1, runAttempt: 1 })}`],
    [
      'a number too long to be exact',
      `<!-- inheritune-action key=ci head=${HEADS[0]} run=${'9'.repeat(16)} attempt=1 -->`,
    ],
    ['a commit that is none', '<!-- inheritune-action key=ci head=main run=1 attempt=1 -->'],
  ])('is not read from a body with %s', (_, body) => {
    expect(readMarker(body)).toBeUndefined();
  });
});

describe('compareStamps', () => {
  it('is a total order', () => {
    fc.assert(
      fc.property(stamps, stamps, stamps, fc.constantFrom(...HEADS, undefined), (a, b, c, head) => {
        expect(Math.sign(compareStamps(a, b, head)) + Math.sign(compareStamps(b, a, head))).toBe(0);
        if (compareStamps(a, b, head) >= 0 && compareStamps(b, c, head) >= 0) {
          expect(compareStamps(a, c, head)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('planComment', () => {
  it('followed step by step ends in one comment, the oldest, with the newest content', () => {
    fc.assert(
      fc.property(
        fc.array(stamps, { maxLength: 6 }),
        stamps,
        fc.constantFrom(...HEADS, undefined),
        (found, mine, head) => {
          let comments = found.map((stamp, index) => comment(index + 1, stamp));
          const newest = [...found, mine].reduce((a, b) => (compareStamps(b, a, head) > 0 ? b : a));
          let wrote = false;
          for (let step = 0; step < 4; step += 1) {
            const plan = planComment(comments, { body: renderMarker(mine), stamp: mine }, head, wrote);
            if (plan.kind === 'done') {
              expect(comments).toHaveLength(1);
              expect(plan.comment.id).toBe(1);
              expect(compareStamps(plan.comment.stamp, newest, head)).toBe(0);
              return;
            }
            wrote = true;
            if (plan.kind === 'create') comments = [comment(1, mine)];
            if (plan.kind === 'update') {
              comments = comments.map((old) =>
                old.id === plan.comment.id ? comment(old.id, readMarker(plan.body)!) : old,
              );
            }
            if (plan.kind === 'delete') comments = comments.filter((old) => !plan.comments.includes(old));
          }
          expect.unreachable('no end after four steps');
        },
      ),
    );
  });

  it('lets the later of two jobs with one stamp win, without a fight', () => {
    const stamp = { key: 'ci', headSha: HEADS[0], runId: 1, runAttempt: 1 };
    const sibling = { ...comment(1, stamp), body: `${renderMarker(stamp)}\nsibling` };
    const draft = { body: `${renderMarker(stamp)}\nmine`, stamp };
    expect(planComment([sibling], draft, HEADS[0], false).kind).toBe('update');
    expect(planComment([sibling], draft, HEADS[0], true).kind).toBe('done');
  });
});

function comment(id: number, stamp: OwnComment['stamp']): OwnComment {
  return { id, url: `#${String(id)}`, body: renderMarker(stamp), stamp };
}
