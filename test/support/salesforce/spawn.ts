/** Starts a fake org as a process of its own and uses its back door. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FakeSalesforceOptions } from './fake-salesforce.ts'

/** A fake org in another process. */
export interface RemoteSalesforce extends AsyncDisposable {
  readonly url: string
  readonly orgId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  /** `create`, `update`, `remove`, `merge`, `advance`, `records`: see main.ts. */
  backDoor(verb: string, wish: Readonly<Record<string, unknown>>): Promise<unknown>
  close(): Promise<void>
}

const main = fileURLToPath(new URL('main.ts', import.meta.url))

export async function spawnFakeSalesforce(
  options: Omit<FakeSalesforceOptions, 'intercept' | 'backDoor'> & { readonly accounts?: number } = {},
): Promise<RemoteSalesforce> {
  const child = spawn(process.execPath, [main, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const announced = await new Promise<
    Omit<RemoteSalesforce, 'backDoor' | 'close' | typeof Symbol.asyncDispose>
  >((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the fake org ended with ${code}`)))
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString())))
  })
  child.removeAllListeners('exit')
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    })
  return {
    ...announced,
    backDoor: async (verb, wish) => {
      const response = await fetch(`${announced.url}/__back-door/${verb}`, {
        method: 'POST',
        body: JSON.stringify(wish),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${verb}: ${text}`)
      return JSON.parse(text)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
