import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EvaluationResult } from '../evaluate/result.ts';
import { InherituneError } from '../errors.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { createRunRecord } from '../run/run-record.ts';
import { findBaseline } from '../store/add-run.ts';
import { expandModel } from '../store/compact-model.ts';
import { readHistory } from '../store/git-history.ts';
import type { RunRecord } from '../store/run-record.ts';
import type { StoreSetting } from './input-values.ts';
import { openSettingStore } from './record-store.ts';
import type { StorePlace } from './record-store.ts';
import { recordName } from './recipe-facts.ts';

/** A record, and how a shell reads it. */
export interface BaselineRecord {
  readonly content: RunRecord;
  readonly source: string;
}

export type BaselineFound =
  | {
      readonly state: 'found';
      readonly label: string;
      readonly result: EvaluationResult | JudgedResult;
      /** Where it is of a record. */
      readonly record?: BaselineRecord;
    }
  /** A growing run: losses and no scores. */
  | { readonly state: 'grown'; readonly label: string; readonly record: BaselineRecord }
  | { readonly state: 'absent'; readonly reason: string };

/** Where baselines come from. */
export interface BaselineSource {
  /**
   * @throws InherituneError for a baseline that is there and cannot be read: never taken for an absent one
   */
  find(variant: { readonly name: string; readonly model: string }): Promise<BaselineFound>;
}

export interface BaselineContext extends StorePlace {
  readonly setting: StoreSetting;
  /** The recipe's name: records of one recipe are each other's history. */
  readonly recipeName: string;
  readonly headSha: string;
  /** The branch to be merged into, as git finds it here: "origin/main". */
  readonly baseBranch: string;
}

/** A baseline that is there and cannot be read. */
export class BaselineError extends InherituneError {
  constructor(message: string, cause: unknown) {
    super('baselineUnreadable', message, { exitCode: 1, cause });
  }
}

/** The source that the input names; undefined for `none`. */
export function baselineSource(context: BaselineContext): BaselineSource | undefined {
  const { setting, workspace } = context;
  if (setting.kind === 'none') return undefined;
  const folder = setting.kind === 'folder' ? resolve(workspace, setting.path) : undefined;
  const find = async (variant: { readonly name: string; readonly model: string }): Promise<BaselineFound> => {
    const grown = folder === undefined ? undefined : await grownFolderRecord(folder);
    if (grown !== undefined && setting.kind === 'folder')
      return { state: 'grown', label: setting.path, record: { content: grown, source: setting.path } };
    const file = folder === undefined ? undefined : resultFile(folder, variant);
    if (file !== undefined) return fromFile(file, setting.kind === 'folder' ? setting.path : '');
    return fromRecords(context, variant);
  };
  return {
    find: async (variant) => {
      try {
        return await find(variant);
      } catch (cause) {
        if (cause instanceof BaselineError) throw cause;
        throw new BaselineError(cause instanceof Error ? cause.message : String(cause), cause);
      }
    },
  };
}

/** The record of the growing run whose folder this is; undefined for any other folder. */
async function grownFolderRecord(folder: string): Promise<RunRecord | undefined> {
  if (!existsSync(join(folder, 'growth.json'))) return undefined;
  const record = await createRunRecord({ folder, commit: undefined, now: new Date(0) });
  return record.growth === undefined ? undefined : record;
}

/** Results lie beside records in some folders: a run's own folder, or one file for each variant. */
function resultFile(
  folder: string,
  variant: { readonly name: string; readonly model: string },
): string | undefined {
  if (existsSync(folder) && statSync(folder).isFile()) return folder;
  const candidates = [
    join(folder, 'results', `${variant.name}.json`),
    join(folder, `${variant.name}.json`),
    join(folder, 'results', `${variant.model}.json`),
  ];
  return candidates.find((candidate) => existsSync(candidate));
}

function fromFile(file: string, shown: string): BaselineFound {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new BaselineError(
      `Baseline unreadable: ${file} is not JSON. Nothing was written; restore the file, or remove it on purpose.`,
      cause,
    );
  }
  return { state: 'found', label: shown, result: parseEvaluationResult(json, file) };
}

async function fromRecords(
  context: BaselineContext,
  variant: { readonly name: string; readonly model: string },
): Promise<BaselineFound> {
  const { setting, workspace, env, recipeName, headSha, baseBranch } = context;
  const store = openSettingStore(setting, context);
  if (store === undefined) return { state: 'absent', reason: 'no baseline: there is no store' };
  const history = await readHistory({ cwd: workspace, env, head: headSha, branch: baseBranch });
  // A variant of a matrix has records of its own.
  const name = recordName(recipeName, variant.name);
  const { choice, record } = await findBaseline(store, { ...history, name });
  if (record === undefined || choice.status === 'none') return { state: 'absent', reason: choice.text };
  const { path } = choice.entry;
  const source =
    setting.kind === 'branch'
      ? `<(git show origin/${setting.branch}:${path})`
      : join(setting.kind === 'folder' ? setting.path : '', path);
  if (record.growth !== undefined)
    return { state: 'grown', label: choice.text, record: { content: record, source } };
  const model = record.models[variant.model] ?? record.models['trained'];
  if (model === undefined)
    return {
      state: 'absent',
      reason: `no baseline: the record of ${choice.text} holds no model ${variant.model}`,
    };
  return {
    ...{ state: 'found', label: choice.text, result: expandModel(model, record.itemSets) },
    record: { content: record, source },
  };
}
