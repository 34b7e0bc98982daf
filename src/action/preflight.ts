import { execa } from 'execa';
import { existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { listGpus } from '../engine/device.ts';
import type { ChildExit } from './child-outcome.ts';
import type { Settings } from './inputs.ts';
import { judgeMachine } from './machine-verdict.ts';
import type { RecipeFacts } from './recipe-facts.ts';

/** What the look at the machine came to. */
export type Preflight =
  | {
      readonly state: 'ready';
      readonly warnings: readonly string[];
      /** Optimizer steps of the plan, for the time that is left. */
      readonly totalSteps: number | undefined;
    }
  | { readonly state: 'wrongMachine'; readonly reasons: readonly string[] }
  /** A command of the preflight itself ended badly, e.g. on a model that is not there. */
  | { readonly state: 'failed'; readonly exit: ChildExit };

export interface PreflightContext {
  readonly settings: Pick<Settings, 'recipe' | 'stages' | 'cacheDir' | 'nativeDir'>;
  readonly overrides: readonly string[];
  readonly recipe: RecipeFacts;
  readonly workspace: string;
  /** The run's output folder, absolute; need not be there yet. */
  readonly outFolder: string;
  readonly cliPath: string;
  /** Without the job's tokens. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the programs' standard error goes. */
  readonly onStderr: (text: string) => void;
}

/** Tracing and the engine's own computation take seconds; setting up downloads up to 5 GB. */
const COMMAND_TIMEOUT_MS = 10 * 60_000;
const SETUP_TIMEOUT_MS = 60 * 60_000;
const STDERR_CHARACTERS = 16_384;

/**
 * Looks at the machine before the work: `doctor` for driver, folders and, where the engine is there, training steps with stored
 * results; `setup` where it is not; `plan` for the memory and disk that the recipe needs. Nothing of it uses GPU time but those
 * steps, a few seconds.
 */
export async function preflight(context: PreflightContext): Promise<Preflight> {
  const { recipe, settings } = context;
  const gpus = await listGpus(context.env);
  const first = await doctor(context);
  if (!first.ok) return { state: 'failed', exit: first.exit };
  let report = first.value;
  const engine = report.checks.find(({ name }) => name === 'engine');
  // Where a GPU is asked for and there is none, gigabytes for one would be fetched for nothing.
  const isHopeless = recipe.device === 'cuda' && gpus.length === 0;
  const isAbsent = engine?.state === 'warn' && settings.nativeDir === undefined;
  if (report.state !== 'fail' && isAbsent && !isHopeless) {
    const made = await command(context, ['setup', '--variant', recipe.device], SETUP_TIMEOUT_MS);
    if (!made.ok) return { state: 'failed', exit: made.exit };
    const again = await doctor(context);
    if (!again.ok) return { state: 'failed', exit: again.exit };
    report = again.value;
  }
  const planned = recipe.trains && settings.stages !== 'evaluate' ? await plan(context) : undefined;
  if (planned?.ok === false) return { state: 'failed', exit: planned.exit };

  const { reasons, warnings } = judgeMachine(
    {
      doctor: report,
      gpus,
      freeDiskBytes: freeDisk(context.outFolder),
      freeMemoryBytes: availableMemory(),
    },
    {
      device: recipe.device,
      parameters: planned?.value.parameters,
      trainingBytes: planned && Math.max(...planned.value.devices.map(({ memory }) => memory.neededBytes)),
      keepCheckpoints: recipe.keepCheckpoints,
      keepsBest: recipe.keepsBest,
    },
  );
  if (reasons.length > 0) return { state: 'wrongMachine', reasons };
  return { state: 'ready', warnings, totalSteps: planned?.value.steps ?? recipe.steps };
}

const doctorReport = z.object({
  state: z.enum(['ok', 'warn', 'fail']),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['ok', 'warn', 'fail']),
      found: z.string(),
      advice: z.string().exactOptional(),
    }),
  ),
});
const trainingPlan = z.object({
  parameters: z.number(),
  devices: z.array(z.object({ memory: z.object({ neededBytes: z.number() }) })).min(1),
  steps: z.number().exactOptional(),
});

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly exit: ChildExit };

/** Exit code 1 with a report says that something is missing, which is for the caller to judge. */
async function doctor(context: PreflightContext): Promise<Answer<z.infer<typeof doctorReport>>> {
  // A GPU that the run does not use is no obstacle to it. One that is asked for and not there needs no engine to be said.
  const device = context.recipe.device === 'cpu' ? ['--device', 'cpu'] : [];
  const answer = await command(context, ['doctor', '--json', ...device], COMMAND_TIMEOUT_MS, [0, 1]);
  return answer.ok ? parsed(doctorReport, answer.value) : answer;
}

async function plan(context: PreflightContext): Promise<Answer<z.infer<typeof trainingPlan>>> {
  const sets = context.overrides.flatMap((override) => ['--set', override]);
  const answer = await command(
    context,
    ['plan', context.settings.recipe, '--json', ...sets],
    COMMAND_TIMEOUT_MS,
  );
  return answer.ok ? parsed(trainingPlan, answer.value) : answer;
}

async function command(
  context: PreflightContext,
  args: readonly string[],
  timeoutMs: number,
  goodCodes: readonly number[] = [0],
): Promise<Answer<string>> {
  const { settings, workspace, cliPath, env } = context;
  const places = [
    ...(settings.cacheDir === undefined ? [] : ['--cache-dir', settings.cacheDir]),
    ...(settings.nativeDir === undefined ? [] : ['--native-dir', settings.nativeDir]),
  ];
  const child = await execa(process.execPath, [cliPath, ...args, ...places], {
    cwd: workspace,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: timeoutMs,
  });
  if (child.stderr !== '') context.onStderr(`${child.stderr}\n`);
  if (child.exitCode !== undefined && goodCodes.includes(child.exitCode))
    return { ok: true, value: child.stdout };
  return {
    ok: false,
    exit: {
      exitCode: child.exitCode,
      signal: child.timedOut ? undefined : child.signal,
      stderrTail: child.stderr.slice(-STDERR_CHARACTERS),
      timedOutAfterMs: child.timedOut ? timeoutMs : undefined,
      stalledAfterMs: undefined,
      cancelledBy: undefined,
      kernelOomKills: undefined,
    },
  };
}

function parsed<T>(schema: z.ZodType<T>, text: string): Answer<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const result = schema.safeParse(json);
  if (result.success) return { ok: true, value: result.data };
  const stderrTail = `The preflight got an answer that it does not understand: ${text.slice(0, 200)}`;
  return {
    ok: false,
    exit: {
      exitCode: 1,
      signal: undefined,
      stderrTail,
      timedOutAfterMs: undefined,
      stalledAfterMs: undefined,
      cancelledBy: undefined,
      kernelOomKills: undefined,
    },
  };
}

function freeDisk(folder: string): number {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

/** A container's limit counts where it is lower. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  const free = process.availableMemory?.() ?? freemem();
  return limit > 0 ? Math.min(limit, free) : free;
}
