/** The command line as a program whose last line of output is its largest resident set, in bytes. */
process.on('exit', () => {
  console.log(process.resourceUsage().maxRSS * 1024);
});
await import('../../src/cli/main.ts');
