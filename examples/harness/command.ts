/** Runs a command of the CLI as a user would, and returns its output. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export async function runCommand(
  parameters: readonly string[],
  where: { readonly directory: string; readonly environment: Readonly<Record<string, string>> },
): Promise<string> {
  const options = {
    cwd: where.directory,
    env: { ...process.env, ...where.environment },
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  }
  try {
    return (await run(process.execPath, [cli, ...parameters], options)).stdout
  } catch (error) {
    // Commands that find something to tell of end with another code than 0, and have printed it.
    const printed = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    if (printed === '') throw error
    return printed
  }
}
