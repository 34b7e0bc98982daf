import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { pythonStrip } from '../python-strip.ts';
import { defineTask } from './task.ts';
import type { Task } from './task.ts';

const answers = ['A', 'B', 'C', 'D'];

const SUBJECTS = {
  stem: `abstract_algebra anatomy astronomy college_biology college_chemistry college_computer_science
    college_mathematics college_physics computer_security conceptual_physics electrical_engineering
    elementary_mathematics high_school_biology high_school_chemistry high_school_computer_science
    high_school_mathematics high_school_physics high_school_statistics machine_learning`,
  other: `business_ethics clinical_knowledge college_medicine global_facts human_aging management marketing
    medical_genetics miscellaneous nutrition professional_accounting professional_medicine virology`,
  social_sciences: `econometrics high_school_geography high_school_government_and_politics high_school_macroeconomics
    high_school_microeconomics high_school_psychology human_sexuality professional_psychology public_relations
    security_studies sociology us_foreign_policy`,
  humanities: `formal_logic high_school_european_history high_school_us_history high_school_world_history
    international_law jurisprudence logical_fallacies moral_disputes moral_scenarios philosophy prehistory
    professional_law world_religions`,
};

const row = z.object({
  question: z.string(),
  choices: z.array(z.string()).length(4),
  answer: z.int().min(0).max(3),
});

/** The 57 subjects of Hendrycks et al., 2020, by name (`mmlu_anatomy`). */
export const mmluTasks: readonly Task[] = Object.values(SUBJECTS).flatMap((names) =>
  words(names).map(subject),
);

/** The groups of subjects that get a score of their own, by name: `mmlu` holds all, `mmlu_stem` and three more a part. */
export const mmluGroups: Readonly<Record<string, readonly string[]>> = {
  mmlu: mmluTasks.map((task) => task.name),
  ...Object.fromEntries(
    Object.entries(SUBJECTS).map(([group, names]) => [
      `mmlu_${group}`,
      words(names).map((name) => `mmlu_${name}`),
    ]),
  ),
};

function subject(name: string): Task {
  return defineTask({
    name: `mmlu_${name}`,
    version: 1,
    file: `mmlu_${name}`,
    hub: { dataset: 'cais/mmlu', config: name, split: 'test' },
    row,
    description: `The following are multiple choice questions (with answers) about ${name.replaceAll('_', ' ')}.\n\n`,
    question: ({ question, choices, answer }) => {
      const lines = choices.map((choice, index) => `${answers[index] ?? ''}. ${choice}\n`).join('');
      return {
        kind: 'continuations',
        context: `${pythonStrip(question)}\n${lines}Answer:`,
        choices: answers,
        gold: answer,
      };
    },
    metrics: [accuracy],
    // lm-eval itself runs 0 shots unless told; 5 is what the benchmark's paper and every published table means.
    fewShot: { shots: 5, fixed: false, pool: 'dev', draw: 'first' },
  });
}

function words(text: string): string[] {
  return text.split(/\s+/);
}
