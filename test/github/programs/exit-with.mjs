// Says something and ends with the exit code it is given.
const code = Number(process.argv[2]);
console.log('standard output');
console.error('earlier line');
console.error(`\u001b[31mthe last word on ${code}\u001b[0m`);
process.exitCode = code;
