import { expect, it } from 'vitest';
import { secretHider } from './hide-secrets.ts';

it.each([
  ['HF_TOKEN', true],
  ['INPUT_GITHUB-TOKEN', true],
  ['token', true],
  ['AWS_SECRET_ACCESS_KEY', true],
  ['WANDB_API_KEY', true],
  ['SSH_PRIVATE_KEY', true],
  ['DB_PASSWORD', true],
  ['TOKENIZERS_PARALLELISM', false],
  ['INPUT_COMMENT-KEY', false],
  ['PATH', false],
])('the value of %s is hidden: %s', (name, isHidden) => {
  const text = secretHider({ [name]: 'value-of-it' })('before value-of-it$&, value-of-it after');
  expect(text).toBe(isHidden ? 'before ***$&, *** after' : 'before value-of-it$&, value-of-it after');
});

it('hides one that begins like another as a whole, and no short word', () => {
  const hide = secretHider(
    { A_TOKEN: 'abcdefgh', B_TOKEN: 'abcdefgh-ijkl', C_TOKEN: 'no', D_TOKEN: undefined },
    ['given-as-an-input'],
  );
  expect(hide('abcdefgh-ijkl no abcdefgh given-as-an-input')).toBe('*** no *** ***');
});
