/** Isthmus as its own process, as a user runs it: for kill tests and benchmarks. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { testKey } from './test-key.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface IsthmusProcessOptions {
  /** Working directory, with the definition and `.isthmus/`. */
  readonly directory: string
  /** @default all */
  readonly roles?: readonly string[]
  readonly port: number
  readonly environment?: Readonly<Record<string, string>>
  readonly nodeOptions?: readonly string[]
  /** Longest wait for readiness. @default 150000 */
  readonly startWithinMs?: number
}

export interface IsthmusProcess {
  readonly child: ChildProcess
  readonly url: string
  /** Its combined output, the newest 64 kB. */
  output(): string
  /** `kill -9`. */
  kill(): Promise<void>
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>
}

/** Returns a port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

/** Starts it without waiting. */
export function spawnIsthmus(options: IsthmusProcessOptions): IsthmusProcess {
  const { directory, roles, port, environment, nodeOptions = [] } = options
  const child = spawn(
    process.execPath,
    [...nodeOptions, cli, 'start', ...(roles === undefined ? [] : ['--role', roles.join(',')])],
    {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...testKey,
        ...process.env,
        ISTHMUS_PORT: String(port),
        ISTHMUS_LOG_LEVEL: 'warn',
        ...environment,
      },
    },
  )
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-65_536)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await ended
    }
    return child.exitCode
  }
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  }
}

/** A bound on hanging, not on speed: below the time of a test, so that the output is shown. */
const startMaxMs = 150_000

/** Starts it and waits until it reports readiness. */
export async function startIsthmus(options: IsthmusProcessOptions): Promise<IsthmusProcess> {
  const isthmus = spawnIsthmus(options)
  const until = performance.now() + (options.startWithinMs ?? startMaxMs)
  while (performance.now() < until) {
    if (isthmus.child.exitCode !== null || isthmus.child.signalCode !== null)
      throw new Error(`isthmus ended with ${isthmus.child.exitCode}:\n${isthmus.output()}`)
    const ready = await fetch(`${isthmus.url}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) return isthmus
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await isthmus.kill()
  throw new Error(`isthmus was not ready in time:\n${isthmus.output()}`)
}
