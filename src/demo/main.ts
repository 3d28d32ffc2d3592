/** The program with the command `demo`, which needs the repository: its two systems are development dependencies. */
import { runCli } from '../cli/run-cli.ts'
import { addDemoCommand } from './demo-command.ts'

await runCli({ addCommands: addDemoCommand })
