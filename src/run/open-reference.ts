import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InherituneError } from '../errors.ts';
import { randomCheckpoint } from '../inherit/composed-checkpoint.ts';
import { parseConfig } from '../model/config.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import { openModel, resolveModelSpec } from './open-model.ts';
import type { OpenModel } from './open-model.ts';

const SIDECARS = ['tokenizer.json', 'tokenizer_config.json', 'tokenizer.model', 'special_tokens_map.json'];

/** The reference of a recipe: the weights it names, or its architecture with random weights, which are still to be trained. */
export async function openReference(reference: Recipe['reference'], context: RunContext): Promise<OpenModel> {
  if (reference.initialise === 'pretrained') return openModel(reference.model, context);
  const location = await resolveModelSpec(reference.model, context);
  const file = join(location, 'config.json');
  const json = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Record<string, unknown>;
  if (Object.keys(json).length === 0) {
    throw new InherituneError(
      'reference',
      `${file} is missing or empty, and reference.initialise is random. Name a folder with the config.json of the architecture.`,
    );
  }
  const config = parseConfig(json, file);
  const checkpoint = randomCheckpoint(json, reference.seed, await sidecarsOf(location));
  return { checkpoint: { ...checkpoint, source: location }, config, location };
}

async function sidecarsOf(folder: string): Promise<Checkpoint['sidecars']> {
  const found = new Map<string, () => Promise<Uint8Array>>();
  for (const name of SIDECARS) {
    const path = join(folder, name);
    if (await stat(path).catch(() => undefined)) found.set(name, () => readFile(path));
  }
  return found;
}
