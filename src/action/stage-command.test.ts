import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRecord, sha } from '../../test/store/make-record.ts';
import { planShard } from './evaluate-shard.ts';
import type { InputName } from './input-definitions.ts';
import { readSettings } from './inputs.ts';
import type { Settings } from './inputs.ts';
import { readRecipeFacts } from './recipe-facts.ts';
import { evaluateCommand, tasksOfShard } from './stage-command.ts';
import type { ModelKey } from './stage-command.ts';
import type { TrainingFile } from './training-file.ts';

const HEAD = 'a'.repeat(40);
let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'inheritune-command-'));
  for (const folder of ['data', 'models/big', 'parts'])
    mkdirSync(join(workspace, folder), { recursive: true });
});
afterEach(() => {
  rmSync(workspace, { recursive: true, force: true });
});

function settingsOf(inputs: Partial<Record<InputName, string>>): Settings {
  const given: Partial<Record<InputName, string>> = {
    recipe: 'recipe.yml',
    out: 'out',
    stages: 'evaluate',
    ...inputs,
  };
  return readSettings((name) => given[name] ?? '', { workflow: 'CI', job: 'run' });
}

describe('the command of a shard', () => {
  it('has every field of the recipe that decides or bounds the scores', async () => {
    writeFileSync(
      join(workspace, 'recipe.yml'),
      `reference: { model: models/big }
evaluate:
  tasks: [piqa, wnli]
  data: data
  limit: 10
  maxMemory: 12GB
  protocol: inheritune-2024
device: cpu
`,
    );
    const settings = settingsOf({});
    const facts = await readRecipeFacts(settings, workspace);
    expect(facts.reference).toBe(join(workspace, 'models/big'));
    const tasks = tasksOfShard(settings, facts);
    expect(evaluateCommand(settings, facts, { key: 'trained', model: 'models/trained' }, tasks)).toEqual([
      ...[
        'evaluate',
        '--model',
        'models/trained',
        '--tasks',
        'piqa,wnli',
        '--out',
        'out/shard-result-trained.raw',
      ],
      ...['--data', join(workspace, 'data'), '--limit', '10', '--protocol', 'inheritune-2024'],
      ...['--max-memory', '12GB', '--device', 'cpu'],
    ]);
  });

  it('has the examples and the BOS that the recipe asks for, and no bound where it gives none', async () => {
    const section = 'evaluate: { tasks: [piqa], fewShot: 2, addBos: false }';
    writeFileSync(join(workspace, 'recipe.yml'), `reference: { model: org/name }\n${section}\n`);
    const settings = settingsOf({});
    const facts = await readRecipeFacts(settings, workspace);
    expect(evaluateCommand(settings, facts, { key: 'reference', model: facts.reference }, ['piqa'])).toEqual([
      ...['evaluate', '--model', 'org/name', '--tasks', 'piqa', '--out', 'out/shard-result-reference.raw'],
      ...['--num-fewshot', '2', '--add-bos', 'false', '--protocol', 'lm-eval-0.4.13'],
    ]);
  });

  it('needs the section of the recipe', async () => {
    writeFileSync(join(workspace, 'recipe.yml'), 'reference: { model: org/name }\n');
    const settings = settingsOf({});
    const facts = await readRecipeFacts(settings, workspace);
    expect(() => tasksOfShard(settings, facts)).toThrow('recipe.yml has no section "evaluate"');
  });
});

describe('the models of a shard', () => {
  const leave = (...models: ModelKey[]): void => {
    const part: TrainingFile = {
      ...{ kind: 'inheritune-training', schemaVersion: 2, variant: 'default', headSha: HEAD },
      record: makeRecord({}, { commit: HEAD }),
      left: models.map((model) => ({ model, label: model, inputHash: sha(model), validation: null })),
    };
    writeFileSync(join(workspace, 'parts/training.json'), JSON.stringify(part));
  };
  const models = async (inputs: Partial<Record<InputName, string>>) => {
    writeFileSync(join(workspace, 'recipe.yml'), 'reference: { model: org/name }\n');
    const settings = settingsOf(inputs);
    const facts = await readRecipeFacts(settings, workspace);
    return planShard({ settings, workspace }, { headSha: HEAD }, facts, []).models;
  };

  it('are those that the training left: from its folders, and the reference as the recipe names it', async () => {
    leave('reference', 'inherited', 'trained');
    for (const folder of ['inherited', 'trained']) {
      mkdirSync(join(workspace, 'models', folder));
      writeFileSync(join(workspace, 'models', folder, 'config.json'), '{}');
    }
    expect(await models({ results: 'parts', model: 'models' })).toEqual([
      { key: 'reference', model: 'org/name' },
      { key: 'inherited', model: 'models/inherited' },
      { key: 'trained', model: 'models/trained' },
    ]);
    // One that was trained first came with the others.
    mkdirSync(join(workspace, 'models/reference'));
    writeFileSync(join(workspace, 'models/reference/config.json'), '{}');
    expect((await models({ results: 'parts', model: 'models' }))[0]?.model).toBe('models/reference');
  });

  it('are named where they are not there, and so is a training', async () => {
    leave('trained');
    await expect(models({ results: 'parts', model: 'models' })).rejects.toThrow(
      'The trained model of default is to be evaluated and is not in models/trained.',
    );
    await expect(models({ results: 'parts', variant: 'other' })).rejects.toThrow(
      'no part of a training of other',
    );
  });

  it('are one without the part of a training', async () => {
    expect(await models({ model: 'org/other' })).toEqual([{ key: 'trained', model: 'org/other' }]);
    expect(await models({})).toEqual([{ key: 'trained', model: 'out' }]);
  });
});
