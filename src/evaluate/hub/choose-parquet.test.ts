import { describe, expect, it } from 'vitest';
import { chooseParquet } from './choose-parquet.ts';

const wsc = { config: 'wsc.fixed', split: 'validation' };

describe('chooseParquet', () => {
  it.each([
    [
      'a pushed dataset',
      ['wsc.fixed/validation-00000-of-00001.parquet', 'wsc/validation-00000-of-00001.parquet'],
    ],
    ['the conversion branch', ['wsc.fixed/validation/0000.parquet', 'wsc.fixed/train/0000.parquet']],
    [
      'the older conversion branch',
      ['wsc.fixed/super_glue-validation.parquet', 'wsc.fixed/super_glue-train.parquet'],
    ],
  ])('finds the split in %s', (_, paths) => {
    expect(chooseParquet(['README.md', ...paths], wsc)).toEqual([paths[0]]);
  });

  it('takes a dot in a config for a dot', () => {
    expect(chooseParquet(['wscXfixed/validation-00000-of-00001.parquet'], wsc)).toEqual([]);
  });

  it('gives all shards in order, and none while one is missing', () => {
    const shard = (index: number): string => `wsc.fixed/validation-0000${String(index)}-of-00003.parquet`;
    expect(chooseParquet([shard(2), shard(0), shard(1)], wsc)).toEqual([shard(0), shard(1), shard(2)]);
    expect(chooseParquet([shard(2), shard(0)], wsc)).toEqual([]);
    expect(chooseParquet(['wsc.fixed/validation/0001.parquet'], wsc)).toEqual([]);
  });

  it.each([
    ['data/validation-00000-of-00001.parquet'],
    ['validation-00000-of-00001.parquet'],
    ['default/validation/0000.parquet'],
  ])('finds %s where there are no configs', (path) => {
    expect(chooseParquet([path], { config: null, split: 'validation' })).toEqual([path]);
  });

  it('does not take validation for validation_matched', () => {
    const path = 'mnli/validation_matched-00000-of-00001.parquet';
    expect(chooseParquet([path], { config: 'mnli', split: 'validation' })).toEqual([]);
    expect(chooseParquet([path], { config: 'mnli', split: 'validation_matched' })).toEqual([path]);
  });

  it('prefers the file that is named', () => {
    const paths = ['data/validation-00000-of-00001.parquet', 'piqa_validation.parquet'];
    expect(
      chooseParquet(paths, { config: null, split: 'validation', file: 'piqa_validation.parquet' }),
    ).toEqual(['piqa_validation.parquet']);
  });
});
