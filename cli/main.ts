#!/usr/bin/env node
import { mho } from "./mho.ts";

// What a second controller is told of this one.
process.title = `mho ${process.argv[2] ?? ""}`.trim();
await mho(process.argv.slice(2));
