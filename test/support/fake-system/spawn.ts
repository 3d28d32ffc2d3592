/** Starts a fake system as a process of its own and uses its back door. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { AdminCounts, AdminEdit, AdminReplace, AdminWrite } from './admin.ts'
import type { FakeSystemOptions, FakeWebhookOptions, Fault } from './options.ts'
import type { Native } from './remote-table.ts'

/** The back door of a fake in another process. */
export interface RemoteFake {
  readonly url: string
  readonly child: ChildProcess
  edit(wish: AdminEdit): Promise<readonly string[]>
  /** Makes one edit; returns the values that it replaced. */
  replace(wish: AdminReplace): Promise<Native>
  fault(fault: Fault): Promise<void>
  heal(): Promise<void>
  outage(): Promise<void>
  sendWebhooksTo(options: FakeWebhookOptions): Promise<void>
  records(resource: string): Promise<readonly Native[]>
  counts(resource: string): Promise<AdminCounts>
  writesSince(resource: string, seq: number): Promise<readonly AdminWrite[]>
  close(): Promise<void>
}

const main = fileURLToPath(new URL('main.ts', import.meta.url))

export async function spawnFakeSystem(options: FakeSystemOptions): Promise<RemoteFake> {
  const child = spawn(process.execPath, [main, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the fake ${options.name} ended with ${code}`)))
    child.stdout.once('data', (line: Buffer) => resolve((JSON.parse(line.toString()) as { url: string }).url))
  })
  child.removeAllListeners('exit')
  const ask = async (verb: string, body?: unknown): Promise<Response> => {
    const response = await fetch(`${url}/__admin/${verb}`, {
      method: 'POST',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${verb}: ${await response.text()}`)
    return response
  }
  return {
    url,
    child,
    edit: async (wish) => ((await (await ask('edit', wish)).json()) as { ids: string[] }).ids,
    replace: async (wish) => (await (await ask('replace', wish)).json()) as Native,
    fault: async (fault) => void (await (await ask('fault', fault)).text()),
    heal: async () => void (await (await ask('heal')).text()),
    outage: async () => void (await (await ask('outage')).text()),
    sendWebhooksTo: async (wish) => void (await (await ask('webhooks', wish)).text()),
    records: async (resource) =>
      (await (await ask(`records/${resource}`)).text())
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Native),
    counts: async (resource) => (await (await ask(`counts/${resource}`)).json()) as AdminCounts,
    writesSince: async (resource, since) =>
      (await (await ask(`writes/${resource}`, { since })).json()) as AdminWrite[],
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}
