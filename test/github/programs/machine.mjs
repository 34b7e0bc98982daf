// Stands in for the command line on a machine that MACHINE, a JSON file, describes: by command what it prints and how it ends.
// A list of answers is used up one by one; what it was asked is noted beside the file.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';

const file = process.env.MACHINE;
const machine = JSON.parse(readFileSync(file, 'utf8'));
const [command, ...options] = process.argv.slice(2);
appendFileSync(`${file}.asked`, `${JSON.stringify([command, ...options])}\n`);
const answers = machine[command] ?? [];
const { print, say, exitCode = 0, signal } = answers.length > 1 ? answers.shift() : (answers[0] ?? {});
writeFileSync(file, JSON.stringify(machine));
if (say !== undefined) console.error(say);
if (print !== undefined) console.log(typeof print === 'string' ? print : JSON.stringify(print));
if (signal !== undefined) process.kill(process.pid, signal);
process.exitCode = exitCode;
