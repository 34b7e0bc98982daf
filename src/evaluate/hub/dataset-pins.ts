/** Which revision of a hub dataset is read, and what is known of its files. */
export interface DatasetPin {
  /** A commit, except where it says that none could be looked up. */
  readonly revision: string;
  /** False for a revision that can move; the result then names the commit that was read. */
  readonly fixed: boolean;
  /** Files that stand elsewhere than `<config>/<split>-00000-of-00001.parquet`, by split. */
  readonly files?: Readonly<Record<string, string>>;
  /** sha256 by path, where published lists name it; for all others the digest in the hub's own listing counts. */
  readonly sha256?: Readonly<Record<string, string>>;
}

/**
 * The datasets behind the tasks. Configs and splits stand in each task's file (`hub`).
 * The commits are those that public, reproducible evaluations pin (docs/evaluation.md says what could be checked).
 */
export const DATASET_PINS: Readonly<Record<string, DatasetPin>> = {
  'baber/piqa': {
    revision: '142f6d7367fd9877f0fb3b5734ea6a545f54cdd1',
    fixed: true,
    files: { train: 'piqa_train.parquet', validation: 'piqa_validation.parquet' },
    sha256: {
      'piqa_train.parquet': '3114602b31fa724309a6c493cc86368c4eab7ab6e79e285056fd5ce3b60ddf02',
      'piqa_validation.parquet': '2b17ee1215b1ceb2ddabf4c90a05c5a8b833bef9d207960f57d111c43a2080f3',
    },
  },
  'aps/super_glue': { revision: '3de24cf8022e94f4ee4b9d55a6f539891524d646', fixed: true },
  'allenai/winogrande': { revision: '01e74176c63542e6b0bcb004dcdea22d94fb67b5', fixed: true },
  'cais/mmlu': { revision: 'c30699e8356da336a370243923dbaf21066bb9fe', fixed: true },
  'truthfulqa/truthful_qa': {
    revision: '741b8276f2d1982aa3d5b832d3ee81ed3b896490',
    fixed: true,
    sha256: {
      'multiple_choice/validation-00000-of-00001.parquet':
        '23f08e230ca4ed66babf3a72419af7cbde1f3d734dd396ac4cf6d088bd162afd',
    },
  },
  'nyu-mll/glue': {
    revision: 'bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c',
    fixed: true,
    sha256: {
      'mnli/train-00000-of-00001.parquet': '49a4a5508b89b8fed2c6e81d2c47d00f4759050a7048c6cc5d95d31122ced3c1',
      'mnli/validation_matched-00000-of-00001.parquet':
        '7f918c09d9c35446b8e8f06a5672f8ab704e2897fecbf52e2e154141f3d7c421',
      'qnli/train-00000-of-00001.parquet': 'ebc7cb70a5bbde0b0336c3d51f31bb4df4673e908e8874b090b52169b1365c6c',
      'qnli/validation-00000-of-00001.parquet':
        'e69311b81dc65589286091d9905a27617a90436dd215c7a59832fa8f4f336169',
      'wnli/train-00000-of-00001.parquet': '40f4c0c60db68addeda8e9cbe25e6344cd99d5bbb80125535994a9a3141ee0a9',
      'wnli/validation-00000-of-00001.parquet':
        '880037e45e03df868d5799ca21dc03f3a6378f0adf3c01c7bfc46b94fa61f1cb',
    },
  },
  /** Its own branch holds a loading script; the hub's conversion to parquet is a branch that the hub may write again. */
  'EleutherAI/logiqa': { revision: 'refs/convert/parquet', fixed: false },
  'lighteval/winograd_wsc': { revision: 'main', fixed: false },
};
