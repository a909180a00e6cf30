#!/usr/bin/env node
/** The `holdfast` command. What it understands stands in daemon/main.ts. */

import { launch } from './launch.mjs';

await launch(import.meta.url, process.argv.slice(2));
