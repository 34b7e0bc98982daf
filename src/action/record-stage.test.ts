import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRecord, sha } from '../../test/store/make-record.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { openFolderStore } from '../store/folder-store.ts';
import { readSettings } from './inputs.ts';
import { recordStage } from './record-stage.ts';
import type { ActionContext, WorkResult } from './run-action.ts';

const HEAD = 'a'.repeat(40);
const NIGHT = '2026-03-01';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inheritune-record-'));
  mkdirSync(join(folder, 'records'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the record stage', () => {
  it('stores the record of its variant, and that one only', async () => {
    leave('one.json', { name: 'layers-2' });
    leave('two.json', { name: 'layers-3' });
    const work = await run();
    expect(work.outcome).toEqual({ kind: 'succeeded' });
    expect(work.report).toMatch(/^The record is runs\/layers-2\/a{40}\/\S+\.json in /);
    expect(stored()).toEqual([expect.stringMatching(/^runs\/layers-2\//)]);
  });

  it('judges the claims where the ledger is asked for, and says so in the report', async () => {
    leave('one.json', { name: 'layers-2' });
    const work = await run({ ledger: 'true' });
    expect(work.report).toContain('# Claim ledger: layers-2');
    expect(work.files).toEqual({ 'ledger-path': 'out/ledger.md' });
    expect(readFileSync(join(folder, 'out/ledger.md'), 'utf8')).toContain('# Claim ledger');
    expect(stored()).toEqual([
      expect.stringMatching(/^ledger\/layers-2\/2026-03-01-/),
      expect.stringMatching(/^runs\/layers-2\//),
    ]);
  });

  it('enters a night without a run where there was nothing new', async () => {
    leave('one.json', { name: 'layers-2', recipeHash: sha('recipe') });
    await run({ ledger: 'true' });
    // As the step leaves it that downloads records: without one it makes no folder.
    rmSync(join(folder, 'records'), { recursive: true });
    const work = await run({ ledger: 'true' }, { tonight: '2026-03-02' });
    expect(work.outcome.kind).toBe('nothingNew');
    expect(work.report).toMatch(/2026-03-02: nothing new since .*, 0 GPU-minutes/);
    expect(stored()).toHaveLength(3);
  });

  it('is an error without a record where a run was due, and enters nothing', async () => {
    const work = await run({ ledger: 'true' });
    expect(work.outcome).toMatchObject({
      kind: 'empty',
      message: expect.stringContaining('there is no run of this recipe yet') as string,
    });
    expect(stored()).toEqual([]);
  });

  it('refuses a record of another commit', async () => {
    leave('one.json', { name: 'layers-2', commit: 'b'.repeat(40) });
    await expect(run()).rejects.toThrow(/one\.json is about commit bbbbbbbbbbbb/);
    expect(stored()).toEqual([]);
  });

  it.each([
    ['pull_request', 'sameRepository'],
    ['pull_request_target', 'sameRepository'],
    ['workflow_run', 'fork'],
    ['issue_comment', 'unknown'],
  ] as const)('does nothing on %s from %s', async (eventName, origin) => {
    leave('one.json', { name: 'layers-2' });
    expect((await run({}, { event: { eventName, origin } })).outcome.kind).toBe('refused');
    expect(stored()).toEqual([]);
  });
});

function leave(name: string, changes: Parameters<typeof makeRecord>[1]): void {
  const record = makeRecord({}, { createdAt: `${NIGHT}T02:00:00Z`, ...changes });
  writeFileSync(join(folder, 'records', name), JSON.stringify(record));
}

function stored(): string[] {
  const store = join(folder, 'store');
  mkdirSync(store, { recursive: true });
  return readdirSync(store, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .toSorted();
}

function run(
  inputs: Readonly<Record<string, string>> = {},
  changes: { readonly tonight?: string; readonly event?: Partial<EventFacts> } = {},
): Promise<WorkResult> {
  const given: Readonly<Record<string, string>> = {
    ...{ recipe: 'r.yml', stages: 'record', results: 'records', record: 'store', out: 'out', ...inputs },
  };
  const event: EventFacts = {
    ...{ eventName: 'schedule', headSha: HEAD, origin: 'sameRepository' as const },
    ...{ forkName: undefined, pullRequestNumber: undefined, ...changes.event },
  };
  const context: Pick<ActionContext, 'settings' | 'workspace' | 'store' | 'tonight'> = {
    settings: readSettings((name) => given[name] ?? '', { workflow: 'w', job: 'j' }),
    workspace: folder,
    store: () => openFolderStore(join(folder, 'store')),
    tonight: changes.tonight ?? NIGHT,
  };
  return recordStage(context, event, { recordName: 'layers-2', hash: sha('recipe') });
}
