import { describe, expect, it } from 'vitest';
import { INPUTS } from './input-definitions.ts';
import type { InputName } from './input-definitions.ts';
import { readSettings } from './inputs.ts';

const JOB = { workflow: 'Nightly 3B / A6000', job: 'train' };

describe('readSettings', () => {
  it('takes defaults for what is not given', () => {
    expect(read({})).toEqual({
      recipe: 'recipe.yml',
      stages: 'all',
      overrides: [],
      variant: 'default',
      out: 'runs/action',
      model: undefined,
      shard: { index: 1, count: 1 },
      results: undefined,
      expected: [],
      dataDir: undefined,
      device: 'auto',
      cacheDir: undefined,
      nativeDir: undefined,
      preflight: true,
      baseline: { kind: 'none' },
      record: { kind: 'none' },
      ledger: false,
      onlyNew: false,
      maximumDropPoints: 1,
      confidence: 0.95,
      comment: 'auto',
      commentKey: 'Nightly-3B-A6000.train',
      checkRun: 'auto',
      checkName: 'Inheritune (Nightly-3B-A6000.train)',
      allowForks: false,
      forkEnvironment: 'inheritune-fork',
      token: '',
      timeoutMs: undefined,
      stallMs: 3_600_000,
    });
  });

  it.each([
    [{ out: 'runs/x' }, { out: 'runs/x' }],
    [{ device: 'cuda' }, { device: 'cuda' }],
    [{ 'cache-dir': '/cache' }, { cacheDir: '/cache' }],
    [{ 'native-dir': '/opt/native' }, { nativeDir: '/opt/native' }],
    [{ comment: 'never' }, { comment: 'never' }],
    [{ 'comment-key': 'nightly-3b' }, { commentKey: 'nightly-3b' }],
    [{ 'allow-forks': 'true' }, { allowForks: true }],
    [{ 'allow-forks': 'FALSE' }, { allowForks: false }],
    [{ 'github-token': 'secret' }, { token: 'secret' }],
    [
      { stages: 'evaluate', shard: '2/4' },
      { stages: 'evaluate', shard: { index: 2, count: 4 } },
    ],
    [
      { stages: 'report', results: 'shards' },
      { stages: 'report', results: 'shards' },
    ],
    [{ set: 'inherit.layers=13\n\n  train.seed=2 ' }, { overrides: ['inherit.layers=13', 'train.seed=2'] }],
    [{ baseline: 'branch:inheritune-data' }, { baseline: { kind: 'branch', branch: 'inheritune-data' } }],
    [{ baseline: 'baselines/main' }, { baseline: { kind: 'folder', path: 'baselines/main' } }],
    [
      { 'max-drop': '0.5', confidence: '0.99' },
      { maximumDropPoints: 0.5, confidence: 0.99 },
    ],
    [{ 'check-name': 'Model quality' }, { checkName: 'Model quality' }],
    [{ 'stall-minutes': '0' }, { stallMs: undefined }],
    [
      { record: 'branch:data', ledger: 'true', baseline: 'branch:data', 'only-new': 'true' },
      { ledger: true, onlyNew: true },
    ],
    [{ 'timeout-minutes': '330' }, { timeoutMs: 19_800_000 }],
    [{ 'timeout-minutes': '0.5' }, { timeoutMs: 30_000 }],
    [{ 'timeout-minutes': '0' }, { timeoutMs: undefined }],
  ])('%j gives %j', (inputs, expected) => {
    expect(read(inputs)).toMatchObject(expected);
  });

  it.each([
    [{ recipe: '' }, 'recipe is empty and must be the path of a recipe, e.g. recipes/quickstart.yml'],
    [{ recipe: '--help' }, 'recipe is "--help" and must not begin with "-"; write ./--help'],
    [{ out: 'a\nb' }, 'out has a line break and must be one path'],
    [{ device: 'gpu' }, 'device is "gpu" and must be one of auto, cpu, cuda'],
    [{ comment: 'yes' }, 'comment is "yes" and must be one of auto, always, never'],
    [{ 'comment-key': 'a --> b' }, 'comment-key is "a --> b" and must be 1 to 64 letters'],
    [{ 'allow-forks': 'yes' }, 'allow-forks is "yes" and must be true or false'],
    [{ stages: 'eval' }, 'stages is "eval" and must be one of all, train, evaluate, report'],
    [{ stages: 'report' }, 'results is empty and with stages: report must be one path'],
    [{ stages: 'record', record: 'branch:data' }, 'results is empty and with stages: record must be'],
    [{ stages: 'record', results: 'x' }, 'record is "none" and with stages: record must be branch:NAME'],
    [{ ledger: 'true' }, 'record is "none" and with ledger: true must be branch:NAME'],
    [{ 'only-new': 'true' }, 'baseline is "none" and with only-new: true must be branch:NAME'],
    [{ variant: '.x' }, 'variant is ".x" and must be 1 to 64 letters'],
    [{ shard: '3/2' }, 'shard is "3/2" and must be INDEX/COUNT'],
    [{ shard: '1/257' }, 'shard is "1/257" and must be INDEX/COUNT'],
    [{ set: '--device cpu' }, 'set is "--device cpu" and must be lines of the form field=value'],
    [{ variant: 'a b' }, 'variant is "a b" and must be 1 to 64 letters'],
    [{ expect: 'a <b>' }, 'expect is "<b>" and must be names separated by spaces'],
    [{ baseline: 'branch:' }, 'baseline is "branch:" and must be none, branch:NAME'],
    [{ baseline: 'branch:--upload-pack=x' }, 'baseline is "branch:--upload-pack=x"'],
    [{ baseline: 'branch:a..b' }, 'baseline is "branch:a..b"'],
    [{ 'max-drop': '-1' }, 'max-drop is "-1" and must be percentage points from 0 to 100'],
    [{ confidence: '95' }, 'confidence is "95" and must be a number above 0.5 and below 1, e.g. 0.95'],
    [{ preflight: 'maybe' }, 'preflight is "maybe" and must be true or false'],
    [{ 'check-name': 'x'.repeat(101) }, 'must be at most 100 characters in one line'],
    [{ 'timeout-minutes': '6h' }, 'timeout-minutes is "6h" and must be a number of minutes'],
    [{ 'timeout-minutes': '-1' }, 'timeout-minutes is "-1" and must be a number of minutes'],
    [{ 'timeout-minutes': '99999' }, 'timeout-minutes is "99999" and must be a number of minutes'],
  ])('%j is refused: %s', (inputs, message) => {
    expect(() => read(inputs)).toThrow(message);
  });

  // A text that no input of a form takes, and what must be there where a form is needed.
  const wrong: Readonly<Partial<Record<InputName, string>>> = {
    ...{ recipe: '-x', stages: 'x', set: 'x', variant: '-', out: '-x', model: '-x', shard: 'x' },
    ...{ results: '-x', expect: '<>', 'data-dir': '-x', device: 'x', 'cache-dir': '-x', 'native-dir': '-x' },
    ...{ preflight: 'x', baseline: 'branch:', record: 'branch:', ledger: 'x', 'only-new': 'x' },
    ...{ 'max-drop': 'x', confidence: 'x', comment: 'x', 'comment-key': '<>', 'check-run': 'x' },
    ...{ 'check-name': 'x'.repeat(101), 'allow-forks': 'x', 'fork-environment': 'x'.repeat(256) },
    ...{ 'timeout-minutes': 'x', 'stall-minutes': 'x' },
  };
  it.each(INPUTS.map(({ name, form }) => [name, form] as const))(
    'a wrong %s is refused with the right form: %s',
    (name, form) => {
      // A token has no form but GitHub's.
      if (name === 'github-token') return;
      const value = wrong[name]!;
      const right = value === '-x' ? `${name} is "-x" and must not begin with "-"; write ./-x` : form;
      expect(() => read({ [name]: value })).toThrow(right);
      expect(() => read({ [name]: value })).toThrow(new RegExp(`: ${name} is `));
    },
  );

  it('names all wrong inputs at once', () => {
    expect(() => read({ device: 'gpu', comment: 'yes' })).toThrow(/device is .*; comment is /);
  });

  it('names the comment even where workflow and job have no usable letters', () => {
    const inputs = (name: InputName): string => (name === 'recipe' ? 'recipe.yml' : '');
    expect(readSettings(inputs, { workflow: '', job: '' }).commentKey).toBe('.');
    expect(readSettings(inputs, { workflow: '夜', job: '' }).commentKey).toBe('-.');
  });
});

function read(inputs: Partial<Record<InputName, string>>): ReturnType<typeof readSettings> {
  const given: Partial<Record<InputName, string>> = { recipe: 'recipe.yml', ...inputs };
  return readSettings((name) => given[name] ?? '', JOB);
}
