import { describe, expect, it } from 'vitest';
import { chooseBaseline } from './baseline.ts';
import type { RecordEntry } from './record-path.ts';

const commit = (letter: string): string => letter.repeat(40);
const entry = (letter: string, createdAt = '2026-01-01T00:00:00Z', name = 'nightly'): RecordEntry => ({
  path: `runs/${name}/${commit(letter)}/${createdAt}.json`,
  ...{ name, commit: commit(letter), createdAt },
});
const question = {
  ...{ name: 'nightly', head: commit('f'), mergeBase: commit('c'), ancestors: [commit('b'), commit('a')] },
  branch: { name: 'main', commits: ['e', 'd', 'c', 'b', 'a'].map(commit) },
};

describe('chooseBaseline', () => {
  it('takes the merge base, not the newest entry', () => {
    const entries = [entry('e', '2026-02-02T00:00:00Z'), entry('c'), entry('b', '2026-02-01T00:00:00Z')];
    expect(chooseBaseline(question, entries)).toMatchObject({
      ...{ status: 'found', why: 'mergeBase', text: 'merge base cccccccccc' },
      entry: { commit: commit('c') },
    });
  });

  it('else its nearest ancestor with a record, and says how far back', () => {
    expect(chooseBaseline(question, [entry('a'), entry('e')])).toMatchObject({
      why: 'ancestor',
      text: 'aaaaaaaaaa, 2 commits before the merge base cccccccccc, which has no record',
    });
  });

  it('else the newest commit of the branch with one', () => {
    expect(chooseBaseline(question, [entry('d'), entry('e')])).toMatchObject({
      why: 'branch',
      text: 'eeeeeeeeee of main, as no ancestor of the merge base has a record',
    });
    expect(chooseBaseline({ ...question, mergeBase: undefined, ancestors: [] }, [entry('d')])).toMatchObject({
      text: 'dddddddddd of main, as there is no merge base',
    });
  });

  it('of several records of one commit the newest', () => {
    const entries = [entry('c', '2026-01-03T00:00:00Z'), entry('c', '2026-01-05T00:00:00Z'), entry('c')];
    expect(chooseBaseline(question, entries)).toMatchObject({ entry: { createdAt: '2026-01-05T00:00:00Z' } });
  });

  it('never head itself, another recipe, or a record without a commit', () => {
    const onMain = { ...question, head: commit('c') };
    expect(chooseBaseline(onMain, [entry('c'), entry('b')])).toMatchObject({ why: 'ancestor' });
    const others = [entry('c', undefined, 'other'), { ...entry('c'), commit: undefined }];
    expect(chooseBaseline(question, others)).toMatchObject({ status: 'none' });
  });

  it('says whether there is no record at all or none that fits', () => {
    expect(chooseBaseline(question, [])).toEqual({
      ...{ status: 'none', text: 'no baseline: the store holds no record of nightly' },
    });
    expect(chooseBaseline(question, [entry('9')]).text).toContain('none of the 1 records of nightly');
  });
});
