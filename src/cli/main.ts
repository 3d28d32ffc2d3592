#!/usr/bin/env node
/** Entry point of the package's command. */
import { runCli } from './run-cli.ts'

await runCli()
