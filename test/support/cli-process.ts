/** Runs the command line in a process of its own, with an embedded database in the folder. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { hookSecret } from './two-systems.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** What a command printed, and how it ended. */
export interface EndedCommand {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** How a command is run. */
export interface CommandOptions {
  readonly directory: string
  /** Where its master keys are. */
  readonly keys: string
  /** @default nothing */
  readonly input?: string | undefined
  readonly environment?: Readonly<Record<string, string>> | undefined
}

export async function runCommand(
  args: readonly string[],
  { directory, keys, input = '', environment }: CommandOptions,
): Promise<EndedCommand> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 170_000,
    env: {
      ...process.env,
      NO_COLOR: '1',
      COLUMNS: '200',
      DATABASE_URL: '',
      ISTHMUS_KEY: '',
      ISTHMUS_KEYS_DIR: keys,
      CRM_HOOK_SECRET: hookSecret,
      ...environment,
    },
  })
  child.stdin.end(input)
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  await once(child, 'close')
  return { code: child.exitCode, out, err }
}
