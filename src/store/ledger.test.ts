import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { simulateEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { makeRecord, sha } from '../../test/store/make-record.ts';
import { ledgerBadge, renderLedger } from '../report/ledger-report.ts';
import { addRun, findBaseline } from './add-run.ts';
import { openFolderStore } from './folder-store.ts';
import { ledgerFile } from './ledger-entry.ts';
import { ledgerNights, ledgerRows, updateLedger } from './ledger.ts';
import { runRecordPath } from './record-path.ts';
import { decideTonight } from './tonight.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ledger-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const [reference, trained] = [simulateEvaluation(300, 0.6, 1), simulateEvaluation(300, 0.5, 1)];
const night = (day: string) => makeRecord({ reference, trained }, { createdAt: `${day}T02:00:00Z` });

describe('updateLedger', () => {
  it('judges the runs, fills the gaps, and does nothing the second time', async () => {
    const store = openFolderStore(root);
    await addRun(store, night('2026-03-01'), undefined);
    await addRun(store, night('2026-03-03'), undefined);
    const first = await updateLedger(store, 'nightly', '2026-03-04');
    expect(first.added.map(({ night: day, state }) => `${day} ${state}`)).toEqual([
      ...['2026-03-01 judged', '2026-03-02 nothingNew', '2026-03-03 judged', '2026-03-04 nothingNew'],
    ]);
    expect(first.added[1]).toMatchObject({
      gpuMinutes: 0,
      claims: [],
      run: runRecordPath(night('2026-03-01')),
    });
    const again = await updateLedger(store, 'nightly', '2026-03-04');
    expect(again.added).toEqual([]);
    expect(again.entries).toEqual(first.entries);
  });

  it('judges a run that was recorded after its night was entered, once', async () => {
    const store = openFolderStore(root);
    await addRun(store, night('2026-03-01'), undefined);
    await updateLedger(store, 'nightly', '2026-03-02');
    // Made in the first night before the run that was judged, made in it after, and made in the night that had none.
    const late = ['2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z', '2026-03-02T23:59:59Z'].map((createdAt) =>
      makeRecord({ reference, trained }, { createdAt }),
    );
    await addRun(store, late[0]!, undefined);
    expect((await updateLedger(store, 'nightly', '2026-03-02')).added).toMatchObject([
      { night: '2026-03-01', state: 'judged', run: runRecordPath(late[0]!) },
    ]);
    await addRun(store, late[1]!, undefined);
    await addRun(store, late[2]!, undefined);
    const { entries, added } = await updateLedger(store, 'nightly', '2026-03-02');
    expect(added.map(({ run }) => run)).toEqual([runRecordPath(late[1]!), runRecordPath(late[2]!)]);
    expect((await updateLedger(store, 'nightly', '2026-03-02')).added).toEqual([]);
    // In the order of the runs, and a night with a run is not shown as one without.
    expect(ledgerNights(entries).map(({ run }) => run)).toEqual(
      [late[0]!, night('2026-03-01'), late[1]!, late[2]!].map(runRecordPath),
    );
  });

  it('takes an entry that does not list its records for one of its run and what of the night was older', async () => {
    const store = openFolderStore(root);
    await addRun(store, night('2026-03-01'), undefined);
    const { added } = await updateLedger(store, 'nightly', '2026-03-01');
    await rm(join(root, 'ledger'), { recursive: true });
    const { runs, ...old } = added[0]!;
    expect(runs).toEqual([runRecordPath(night('2026-03-01'))]);
    await store.add([ledgerFile(old)]);
    await addRun(store, makeRecord({ trained }, { createdAt: '2026-03-01T01:00:00Z' }), undefined);
    expect((await updateLedger(store, 'nightly', '2026-03-01')).added).toEqual([]);
    await addRun(store, makeRecord({ trained }, { createdAt: '2026-03-01T03:00:00Z' }), undefined);
    expect((await updateLedger(store, 'nightly', '2026-03-01')).added).toHaveLength(1);
  });

  it('renders the newest result of each claim and counts them in the badge', async () => {
    const store = openFolderStore(root);
    await addRun(store, night('2026-03-01'), undefined);
    const { entries } = await updateLedger(store, 'nightly', '2026-03-02');
    const rows = ledgerRows(entries);
    const markdown = renderLedger('nightly', rows, ledgerNights(entries));
    expect(markdown).toMatch(
      /\| The small model keeps 89 % .* \| ≥ 89\.00 % \| \d+\.\d\d % \[.*\] \| .*\(scaled\) \| 2026-03-01/,
    );
    expect(markdown).toContain('2026-03-02: nothing new since runs/nightly/');
    expect(markdown).toContain('claims that no run has addressed');
    expect(ledgerBadge(rows)).toMatchObject({
      schemaVersion: 1,
      label: 'paper claims',
      message: expect.stringMatching(/^\d of 2/) as string,
    });
    expect(ledgerBadge(ledgerRows([]))).toMatchObject({ message: 'no run yet', color: 'lightgrey' });
  });

  it('with one unreadable run nothing is written', async () => {
    const store = openFolderStore(root);
    await addRun(store, night('2026-03-01'), undefined);
    const broken = join(root, runRecordPath(night('2026-03-02')));
    await mkdir(dirname(broken), { recursive: true });
    await writeFile(broken, '{"schemaVersion":1');
    await expect(updateLedger(store, 'nightly', '2026-03-02')).rejects.toMatchObject({
      code: 'baselineUnreadable',
    });
    expect(await readdir(root)).toEqual(['runs']);
  });

  it('an unreadable entry of an earlier night is an error as well', async () => {
    const store = openFolderStore(root);
    await mkdir(join(root, 'ledger', 'nightly'), { recursive: true });
    await writeFile(join(root, 'ledger', 'nightly', '2026-03-01-0123456789abcdef.json'), 'null');
    await expect(updateLedger(store, 'nightly', '2026-03-02')).rejects.toThrow(/^Ledger unreadable/);
  });
});

describe('decideTonight', () => {
  const commits = ['a', 'b'].map((letter) => letter.repeat(40));
  const of = (commit: string, createdAt: string) => makeRecord({ trained }, { commit, createdAt });

  it('computes nothing for a recipe and commit of which there is a run, though one of another commit ended later', async () => {
    const store = openFolderStore(root);
    await addRun(store, of(commits[1]!, '2026-03-01T02:00:00Z'), undefined);
    await addRun(store, of(commits[0]!, '2026-03-01T20:00:00Z'), undefined);
    const { recipeHash } = of(commits[0]!, '2026-03-01T02:00:00Z');
    const asked = (commit: string, hash = recipeHash) =>
      decideTonight(store, { name: 'nightly', recipeHash: hash, commit });
    expect(await asked(commits[1]!)).toEqual({
      due: false,
      text: 'Nothing new since 2026-03-01 (bbbbbbbbbb): 0 GPU-minutes.',
    });
    expect((await asked(commits[0]!)).due).toBe(false);
    expect((await asked('c'.repeat(40))).text).toContain('the last run was of aaaaaaaaaa');
    expect((await asked(commits[1]!, sha('another'))).text).toContain('the recipe changed');
  });
});

describe('a folder as a store', () => {
  it('a run whose baseline is unreadable is not added', async () => {
    const store = openFolderStore(root);
    const { path } = await addRun(store, night('2026-03-01'), undefined);
    await writeFile(join(root, path), 'not json');
    const question = { name: 'nightly', mergeBase: 'a'.repeat(40), ancestors: [], branch: undefined };
    await expect(addRun(store, night('2026-03-02'), question)).rejects.toMatchObject({
      code: 'baselineUnreadable',
    });
    expect(await store.list()).toEqual([path]);
  });

  it('finds a baseline below the folders of downloaded artifacts', async () => {
    const store = openFolderStore(join(root, 'artifact-1'));
    await addRun(store, night('2026-03-01'), undefined);
    const question = { name: 'nightly', mergeBase: 'a'.repeat(40), ancestors: [], branch: undefined };
    const { record, choice } = await findBaseline(openFolderStore(root), question);
    expect(record).toEqual(night('2026-03-01'));
    expect(choice).toMatchObject({ status: 'found', why: 'mergeBase' });
  });

  it('never rewrites, leaves nothing unfinished, and an absent folder is empty', async () => {
    const store = openFolderStore(join(root, 'new'));
    expect(await store.list()).toEqual([]);
    await store.add([{ path: 'a/b.json', text: '1' }]);
    await store.add([{ path: 'a/b.json', text: '1' }]);
    await expect(
      store.add([
        { path: 'c.json', text: '1' },
        { path: 'a/b.json', text: '2' },
      ]),
    ).rejects.toMatchObject({ code: 'recordExists' });
    expect(await readdir(join(root, 'new'), { recursive: true })).toEqual(['a', 'a/b.json']);
    expect(await store.read('a/b.json')).toBe('1');
  });

  it('many writers at once each keep their file', async () => {
    const paths = Array.from({ length: 60 }, (_, i) => `runs/x/${i % 30}.json`);
    await Promise.all(paths.map((path) => openFolderStore(root).add([{ path, text: 'same' }])));
    expect(await openFolderStore(root).list()).toHaveLength(30);
  });
});
