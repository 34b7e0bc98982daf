/** The paper's nine datasets in the order of its table, by task name. */
export const PAPER_TASKS = [
  'wsc',
  'piqa',
  'boolq',
  'winogrande',
  'logiqa',
  'wnli',
  'qnli',
  'mnli',
  'truthfulqa_mc2',
] as const;
