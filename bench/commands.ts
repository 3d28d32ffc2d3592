/**
 * How long commands take next to a running service: `isthmus status`, and `isthmus --version` as the minimum for any command. They run from the built
 * package (`npm run build`), as for users; a process that does nothing is measured in alternation.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startIsthmus } from '../test/support/isthmus-process.ts'
import { sendJson, startServer } from '../test/support/local-server.ts'
import { idleDefinition } from './idle.ts'
import { nowMs, percentile, rounded } from './statistics.ts'

export interface CommandsOptions {
  readonly rounds: number
  readonly say: (line: string) => void
}

/** Median wall-clock times in ms. */
export interface CommandsFigures {
  readonly status: number
  readonly version: number
  /** `node -e 0` */
  readonly nothing: number
}

const bin = fileURLToPath(new URL('../bin/isthmus.cjs', import.meta.url))
const built = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

export async function benchCommands({ rounds, say }: CommandsOptions): Promise<CommandsFigures> {
  if (!existsSync(built)) throw new Error('the package is not built: run `npm run build` first')
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-commands-'))
  const server = await startServer((_request, response) => sendJson(response, 200, []))
  writeFileSync(join(directory, 'isthmus.yaml'), JSON.stringify(idleDefinition(server.url)))
  const isthmus = await startIsthmus({ directory, port: await freePort(), startWithinMs: 300_000 })
  try {
    const times = { status: [] as number[], version: [] as number[], nothing: [] as number[] }
    for (let round = 0; round < rounds; round += 1) {
      times.nothing.push(run(directory, ['-e', '0'], [0]))
      times.version.push(run(directory, [bin, '--version'], [0]))
      // Waiting for the first lists is not agreement yet, and has its own exit code.
      times.status.push(run(directory, [bin, 'status'], [0, 2]))
    }
    const figures = {
      status: rounded(percentile(times.status, 0.5)),
      version: rounded(percentile(times.version, 0.5)),
      nothing: rounded(percentile(times.nothing, 0.5)),
    }
    say(
      `isthmus status ${figures.status} ms, isthmus --version ${figures.version} ms, nothing ${figures.nothing} ms`,
    )
    return figures
  } finally {
    await isthmus.stop()
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function run(directory: string, args: readonly string[], expected: readonly number[]): number {
  const startedAt = nowMs()
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' })
  if (status === null || !expected.includes(status))
    throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return nowMs() - startedAt
}
