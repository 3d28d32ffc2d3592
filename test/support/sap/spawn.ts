/** Starts a fake S/4HANA as a process of its own. It is inspected over OData. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { businessPartnerPath } from './business-partner.ts'

/** A fake S/4HANA in another process. */
export interface RemoteSap extends AsyncDisposable {
  readonly url: string
  readonly user: string
  readonly password: string
  /** The client that contains its data. */
  readonly client: string
  /** Number of business partners. */
  countPartners(): Promise<number>
  close(): Promise<void>
}

type Announced = Pick<RemoteSap, 'url' | 'user' | 'password' | 'client'>

const main = fileURLToPath(new URL('main.ts', import.meta.url))

export async function spawnFakeSap(
  options: { readonly sessionIdleMs?: number; readonly pageSizeMax?: number } = {},
): Promise<RemoteSap> {
  const child = spawn(process.execPath, [main, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const announced = await new Promise<Announced>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the fake S/4HANA ended with ${code}`)))
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString())))
  })
  child.removeAllListeners('exit')
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    })
  const authorization = `Basic ${Buffer.from(`${announced.user}:${announced.password}`).toString('base64')}`
  return {
    ...announced,
    countPartners: async () => {
      const address = `${announced.url}${businessPartnerPath}/A_BusinessPartner/$count?sap-client=${announced.client}`
      const response = await fetch(address, { headers: { authorization } })
      const text = await response.text()
      if (!response.ok) throw new Error(`$count: ${text}`)
      return Number(text)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
