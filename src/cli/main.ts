#!/usr/bin/env node
/** The program of the package. */
import { runCli } from './run-cli.ts'

await runCli()
