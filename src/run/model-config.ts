import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InherituneError } from '../errors.ts';
import type { RunContext } from './context.ts';
import { KNOWN_CONFIGS } from './known-configs.ts';
import { openModel } from './open-model.ts';

export interface ModelConfigFile {
  readonly config: Readonly<Record<string, unknown>>;
  /** Where it was found, for messages. */
  readonly source: string;
}

/**
 * The `config.json` of a model, without its weights: from a folder that may hold nothing else, from what ships with this
 * tool for well-known hub ids, or else the one file from the hub. A `.gguf` file or wheel is opened, for its config is inside.
 */
export async function readModelConfig(spec: string, context: RunContext): Promise<ModelConfigFile> {
  const local = join(resolve(context.cwd, spec), 'config.json');
  const text = await readFile(local, 'utf8').catch(() => undefined);
  if (text !== undefined) return { config: parsed(text, local), source: local };
  const hub = HUB_ID.exec(spec);
  if (hub === null || spec.endsWith('.gguf')) {
    const { checkpoint } = await openModel(spec, context);
    await checkpoint.close();
    return { config: checkpoint.config, source: checkpoint.source };
  }
  const [, id, revision] = hub;
  const known = KNOWN_CONFIGS.get(id!);
  return known === undefined
    ? fromHub(id!, revision ?? 'main', context)
    : { config: known, source: `${id} (config that ships with inheritune)` };
}

const HUB_ID = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?$/;

async function fromHub(id: string, revision: string, { env, signal }: RunContext): Promise<ModelConfigFile> {
  const endpoint = (env['HF_ENDPOINT'] ?? 'https://huggingface.co').replace(/\/+$/, '');
  const url = `${endpoint}/${id}/resolve/${encodeURIComponent(revision)}/config.json`;
  const token = env['HF_TOKEN'];
  const headers = token === undefined || token === '' ? {} : { Authorization: `Bearer ${token}` };
  let reason: string;
  try {
    const response = await fetch(url, { headers, signal });
    if (response.ok) return { config: parsed(await response.text(), url), source: url };
    reason = `the hub answered ${response.status}`;
  } catch (cause) {
    signal.throwIfAborted();
    reason = cause instanceof Error ? cause.message : String(cause);
  }
  throw new InherituneError(
    'config',
    `The config.json of ${id}@${revision} could not be fetched: ${reason}. Check the id and HF_TOKEN, or give a folder that holds its config.json as reference.model; weights are not needed for a plan.`,
  );
}

function parsed(text: string, source: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new InherituneError('config', `${source} is not a JSON object. Give a model's config.json.`);
}
