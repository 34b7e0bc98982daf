import { runJob } from './study.ts';
import type { StudyJob } from './study.ts';

// One point of the study in a process of its own; see main.ts.
const job = JSON.parse(process.argv[2] ?? '') as StudyJob;
process.stdout.write(JSON.stringify(runJob(job)));
