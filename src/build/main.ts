/** Builds the program: `dist/main.js`, which starts it, and `dist/program.pack`, which is it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, transform } from 'esbuild';
import { madeChecks } from './made-checks.ts';
import { replace, writePack } from './pack.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  // Names stay, for the sake of whoever reads a stack; less text is read at each start.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
};

/** Split by esbuild, which can do that to ECMAScript modules alone, then each a CommonJS one. */
const chunks = async () => {
  const { outputFiles } = await build({
    ...common,
    entryPoints: ['src/main.ts'],
    format: 'esm',
    splitting: true,
    outdir: 'dist',
    chunkNames: '[name]-[hash]',
    write: false,
    plugins: [madeChecks(root)],
  });
  return await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      const { code } = await transform(text.replace(/^#!.*/, ''), {
        format: 'cjs',
        platform: 'node',
        target: 'node20.19',
        supported: { 'dynamic-import': false },
        minifyWhitespace: true,
        minifySyntax: true,
      });
      return { name: basename(path), source: code, compiled: Buffer.alloc(0) };
    }),
  );
};

const launchers = async () => {
  const entryPoints = { main: 'src/build/launch.ts', rehearse: 'src/build/rehearse.ts' };
  const { outputFiles } = await build({ ...common, format: 'cjs', outdir: 'dist', entryPoints, write: false });
  return outputFiles;
};

// All that can fail comes first: a build that fails leaves the older program whole.
const [starters, program] = [await launchers(), await chunks()];
rmSync(join(dist, 'chunks'), { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
// The package's other modules are ECMAScript ones; starting as one of them takes Node some milliseconds more.
replace(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
writePack(join(dist, 'program.pack'), program);
// Written in place, a launcher is empty for a moment, and what starts then does nothing and says that all is well.
for (const { path, contents } of starters) replace(path, contents, path.endsWith('main.js') ? 0o777 : 0o666);
// Whatever does not come to be compiled beforehand is compiled when it runs.
const { status } = spawnSync(process.execPath, [join(dist, 'rehearse.js')], { stdio: 'ignore', timeout: 120_000 });
if (status === 3)
  process.stderr.write('no git or no python3 with venv here: little was rehearsed, so lockstep starts slower\n');
else if (status !== 0)
  process.stderr.write('the rehearsal failed, so lockstep starts slower: node dist/rehearse.js says why\n');
