/**
 * Joins the compiled program and the packages it uses into few files, beside what the compiler made.
 *
 * A daemon is asked for identities the moment it starts, and finding and opening four hundred
 * modules takes longer than running them. Nothing is shortened or renamed, so that a stack names
 * the functions of the sources. `launch.mjs` runs the outcome only while it is the newer one.
 */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

await build({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  entryPoints: ['dist/daemon/main.js'],
  // As deep as `dist/daemon/commands`: what is looked for by its place is found from here too.
  outdir: 'dist/bundled/daemon',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  external: ['koffi', 'classic-level'], // native code, found by its own place
  // Some packages inside are CommonJS and ask for the runtime's own modules.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
