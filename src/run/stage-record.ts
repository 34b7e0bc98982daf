import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { ReportedStage } from '../report/run-report-input.ts';
import { STAGE_SCHEMA_VERSION, stageFileName } from '../store/run-folder.ts';
import type { RunRecord } from '../store/run-record.ts';

/** What is kept of a stage. */
interface StageRecord<T> {
  readonly schemaVersion: typeof STAGE_SCHEMA_VERSION;
  /** Hash of everything the result depends on. */
  readonly inputHash: string;
  readonly seconds: number;
  readonly result: T;
  readonly outputs: readonly { readonly path: string; readonly bytes: number }[];
  /** The run record that the result comes from; then none of the stage's own files need be here. */
  readonly from?: string;
}

export interface Stage<T> {
  readonly name: string;
  /** Everything the result depends on, as plain data. Asked again once `needs` have their files. */
  readonly inputs: () => unknown;
  /** What has to have its files before `work`. */
  readonly needs?: readonly (StageOutput<unknown> | undefined)[];
  /** Files that the stage leaves, relative to the run's folder. */
  readonly outputs: readonly string[];
  /** Plain data; what later stages, the report and the run's record need. */
  readonly work: () => Promise<T>;
  /** Lays down what a run record holds of the stage; false where that is not enough. */
  readonly adopt?: (record: RunRecord) => Promise<boolean>;
  /** Looks elsewhere on this machine for the files of a result from a record, and says where they are. */
  readonly find?: (result: T) => Promise<string | undefined>;
}

/** A run whose results are taken over where a stage's inputs are the same. */
export interface StageBaseline {
  /** The record's path in its store. */
  readonly id: string;
  readonly record: RunRecord;
}

/** What a stage made. One taken from a record has its result at once and its files only after `ensure`. */
export interface StageOutput<T> {
  readonly result: T;
  /** Makes the files if they are not here. Where they come out otherwise than recorded, `result` changes. */
  readonly ensure: () => Promise<void>;
}

/**
 * Runs the stages of one output folder, and takes over those whose inputs are as they were: from this folder where the
 * outputs are still there, else from the record of a baseline.
 */
export class StageRunner {
  readonly folder: string;
  readonly baseline: StageBaseline | undefined;
  readonly reported: ReportedStage[] = [];
  /** The first stage that was given something else than in the baseline. */
  firstChange: string | undefined;
  private readonly note: (text: string) => void;
  private readonly groups: boolean;

  /** With `groups`, what a stage says is folded under its name in the log of a GitHub job. */
  constructor(folder: string, note: (text: string) => void, groups = false, baseline?: StageBaseline) {
    this.folder = folder;
    this.note = note;
    this.groups = groups;
    this.baseline = baseline;
  }

  /** The stage's result with its files. */
  async run<T>(stage: Stage<T>): Promise<T> {
    const output = await this.take(stage);
    await output.ensure();
    return output.result;
  }

  /** The stage's result; its files may be left for `ensure`. */
  async take<T>(stage: Stage<T>): Promise<StageOutput<T>> {
    return (await this.takeOver(stage)) ?? { result: await this.make(stage), ensure: async () => {} };
  }

  /**
   * A stage that another machine runs: it is taken over where it can be, else what it needs is made here.
   * @returns the hash of its inputs where it is left to do
   */
  async leave<T>(stage: Stage<T>): Promise<string | undefined> {
    if ((await this.takeOver(stage)) !== undefined) return undefined;
    for (const need of stage.needs ?? []) await need?.ensure();
    return recipeHash(stage.inputs());
  }

  private async takeOver<T>(stage: Stage<T>): Promise<StageOutput<T> | undefined> {
    const { name } = stage;
    const inputHash = recipeHash(stage.inputs());
    if (this.baseline !== undefined && this.baseline.record.stageInputs[name] !== inputHash)
      this.firstChange ??= name;
    return (await this.earlier(stage, inputHash)) ?? (await this.recorded(stage, inputHash));
  }

  /** A finished stage of this folder, if its inputs are the same and its outputs are still there in their size. */
  private async earlier<T>({ name }: Stage<T>, inputHash: string): Promise<StageOutput<T> | undefined> {
    try {
      const record = JSON.parse(await readFile(this.recordPath(name), 'utf8')) as StageRecord<T>;
      if (record.schemaVersion !== STAGE_SCHEMA_VERSION || record.inputHash !== inputHash) return undefined;
      if (record.from !== undefined) return undefined;
      for (const { path, bytes } of record.outputs) {
        if ((await stat(join(this.folder, path))).size !== bytes) return undefined;
      }
      this.note(`${name}: inputs unchanged, reused`);
      this.report({ name, status: 'reused', seconds: record.seconds });
      return { result: record.result, ensure: async () => {} };
    } catch {
      // No record, or one that a kill cut off: the stage is simply run.
      return undefined;
    }
  }

  private async recorded<T>(stage: Stage<T>, inputHash: string): Promise<StageOutput<T> | undefined> {
    if (this.baseline === undefined) return undefined;
    const { id, record } = this.baseline;
    const { name } = stage;
    const recorded = record.stageResults?.[name];
    if (recorded === undefined || record.stageInputs[name] !== inputHash) return undefined;
    if (stage.adopt !== undefined && !(await stage.adopt(record))) return undefined;
    const { seconds } = recorded;
    const result = recorded.result as T;
    await this.save(name, { inputHash, seconds, result, outputs: [], from: id });
    this.note(`${name}: inputs as in the baseline, taken over from ${id}`);
    this.report({ name, status: 'reused', seconds, from: id });
    return this.lazily(stage, result);
  }

  private lazily<T>(stage: Stage<T>, recorded: T): StageOutput<T> {
    let result = recorded;
    let made: Promise<void> | undefined;
    const make = async (): Promise<void> => {
      const place = await stage.find?.(result);
      if (place !== undefined) {
        this.note(`${stage.name}: what it made is in ${place}`);
        return;
      }
      this.note(`${stage.name}: a later stage needs its files, which are not on this machine: run again`);
      result = await this.make(stage, 'a later stage needs its files');
    };
    return {
      get result() {
        return result;
      },
      ensure: () => (made ??= make()),
    };
  }

  private async make<T>(stage: Stage<T>, why?: string): Promise<T> {
    const { name, needs = [], outputs, work } = stage;
    for (const need of needs) await need?.ensure();
    const inputHash = recipeHash(stage.inputs());
    const earlier = await this.earlier(stage, inputHash);
    if (earlier !== undefined) return earlier.result;
    const started = performance.now();
    const result = await this.grouped(name, work);
    const seconds = (performance.now() - started) / 1000;
    await this.save(name, { inputHash, seconds, result, outputs: await this.sizes(outputs) });
    this.report({ name, status: 'done', seconds, ...(why === undefined ? {} : { why }) });
    return result;
  }

  /** In the order in which the stages were first asked for. */
  private report(stage: ReportedStage): void {
    const at = this.reported.findIndex(({ name }) => name === stage.name);
    if (at === -1) this.reported.push(stage);
    else this.reported[at] = stage;
  }

  private async grouped<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (!this.groups) return work();
    this.note(`::group::${name}`);
    try {
      return await work();
    } finally {
      this.note('::endgroup::');
    }
  }

  private async save<T>(name: string, record: Omit<StageRecord<T>, 'schemaVersion'>): Promise<void> {
    await mkdir(join(this.folder, 'stages'), { recursive: true });
    const text = JSON.stringify({ schemaVersion: STAGE_SCHEMA_VERSION, ...record }, null, 2);
    await writeFileAtomic(this.recordPath(name), `${text}\n`);
  }

  private recordPath(name: string): string {
    return join(this.folder, 'stages', stageFileName(name));
  }

  private async sizes(paths: readonly string[]): Promise<{ path: string; bytes: number }[]> {
    const sized = [];
    for (const path of paths) {
      await access(join(this.folder, path));
      sized.push({ path, bytes: (await stat(join(this.folder, path))).size });
    }
    return sized;
  }
}
