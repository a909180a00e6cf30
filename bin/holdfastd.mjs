#!/usr/bin/env node
/** `holdfastd` is `holdfast run`, under the name that service managers expect. */

import { launch } from './launch.mjs';

await launch(import.meta.url, ['run', ...process.argv.slice(2)]);
