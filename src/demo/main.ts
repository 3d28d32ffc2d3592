/**
 * Entry point of the command `demo`, which needs the repository, because its two systems are development
 * dependencies.
 */
import { runCli } from '../cli/run-cli.ts'
import { addDemoCommand } from './demo-command.ts'

await runCli({ addCommands: addDemoCommand })
