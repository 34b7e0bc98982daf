// Bundles the command line and the action into dist/, one self-contained file each.
//
//   node scripts/build.mjs           writes dist/
//   node scripts/build.mjs --check   builds again and names the first file of dist/ that differs
//
// The same sources, lock file and esbuild give the same bytes on every machine, so CI can compare.
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const ENTRIES = ['cli/main', 'action/pre', 'action/main', 'action/post'];
// CommonJS packages inside an ES module still call `require` for Node's own modules.
// and some name their own file.
const REQUIRE = `import { createRequire as bundleRequire } from 'node:module';
import { dirname as bundleDirname } from 'node:path';
import { fileURLToPath as bundlePath } from 'node:url';
const require = bundleRequire(import.meta.url);
const __filename = bundlePath(import.meta.url);
const __dirname = bundleDirname(__filename);`;

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const files = await bundle(
    ROOT,
    ENTRIES.map((entry) => ({ source: join('src', `${entry}.ts`), output: `${entry}.js` })),
  );
  if (args.includes('--check')) {
    const difference = await firstDifference(files, DIST);
    if (difference === undefined) return 0;
    console.error(`dist/${difference}. Run \`npm run build\` and commit dist/.`);
    return 1;
  }
  await rm(DIST, { recursive: true, force: true });
  for (const [path, contents] of files) {
    await mkdir(dirname(join(DIST, path)), { recursive: true });
    await writeFile(join(DIST, path), contents, { mode: path === 'cli/main.js' ? 0o755 : 0o644 });
    console.log(`dist/${path}  ${(contents.length / 1e6).toFixed(1)} MB`);
  }
  return 0;
}

/** Bundles each entry; returns the contents of all files by path, sorted: the bundles and LICENSES.txt. */
export async function bundle(root, entries) {
  const files = new Map();
  const packages = new Set();
  const comments = new Set();
  for (const { source, output } of entries) {
    const hasShebang = (await readFile(join(root, source), 'utf8')).startsWith('#!');
    const shebang = output.startsWith('cli/') && !hasShebang ? '#!/usr/bin/env node\n' : '';
    const result = await build({
      absWorkingDir: root,
      entryPoints: [source],
      outfile: join(root, 'dist', output),
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      target: 'node20.19',
      format: 'esm',
      legalComments: 'external',
      banner: { js: shebang + REQUIRE },
      logLevel: 'error',
    });
    for (const input of Object.keys(result.metafile.inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder !== undefined) packages.add(folder);
    }
    for (const file of result.outputFiles) {
      if (file.path.endsWith('.LEGAL.txt'))
        splitComments(file.text).forEach((comment) => comments.add(comment));
      else files.set(output, Buffer.from(file.contents));
    }
  }
  files.set('LICENSES.txt', Buffer.from(await licences(root, packages, comments)));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One sentence's beginning about the first path that is missing, left over or different; else undefined. */
export async function firstDifference(files, folder) {
  const entries = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : [];
  const present = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  for (const [path, contents] of files) {
    if (!present.includes(path)) return `${path} is missing`;
    if (!contents.equals(await readFile(join(folder, path)))) return `${path} is not what the sources give`;
  }
  const left = present.sort().find((path) => !files.has(path));
  return left === undefined ? undefined : `${left} does not come from the sources`;
}

/** The licence of every bundled package, then the notices found in their source files. */
async function licences(root, packages, comments) {
  const sections = [];
  for (const folder of [...packages].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    const names = (await readdir(join(root, folder), { withFileTypes: true }))
      .filter((entry) => entry.isFile() && /^(licen[cs]e|notice)/i.test(entry.name))
      .map(({ name: file }) => file)
      .sort();
    const texts = await Promise.all(names.map((file) => readFile(join(root, folder, file), 'utf8')));
    const id = typeof license === 'string' ? license : (license?.type ?? 'see below');
    sections.push([`${name} ${version} (${id})`, ...texts.map((text) => text.trim())].join('\n\n'));
  }
  const notices = [...comments].sort();
  return (
    [...sections, ['Notices in source files', ...notices].join('\n\n')].join(`\n\n${'-'.repeat(80)}\n\n`) +
    '\n'
  );
}

/** esbuild writes the comments one after another, under headings that name the files. */
function splitComments(text) {
  return text.match(/\/\*[\s\S]*?\*\/|(?:^\s*\/\/.*\n?)+/gm)?.map((comment) => comment.trim()) ?? [];
}
