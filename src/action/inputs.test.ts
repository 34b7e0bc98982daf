import { describe, expect, it } from 'vitest';
import type { InputName } from './inputs.ts';
import { readSettings } from './inputs.ts';

const JOB = { workflow: 'Nightly 3B / A6000', job: 'train' };

describe('readSettings', () => {
  it('takes defaults for what is not given', () => {
    expect(read({})).toEqual({
      recipe: 'recipe.yml',
      out: 'runs/action',
      device: 'auto',
      cacheDir: undefined,
      nativeDir: undefined,
      comment: 'auto',
      commentKey: 'Nightly-3B-A6000.train',
      allowForks: false,
      token: '',
      timeoutMs: undefined,
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
    [{ 'timeout-minutes': '6h' }, 'timeout-minutes is "6h" and must be a number of minutes'],
    [{ 'timeout-minutes': '-1' }, 'timeout-minutes is "-1" and must be a number of minutes'],
    [{ 'timeout-minutes': '99999' }, 'timeout-minutes is "99999" and must be a number of minutes'],
  ])('%j is refused: %s', (inputs, message) => {
    expect(() => read(inputs)).toThrow(message);
  });

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
