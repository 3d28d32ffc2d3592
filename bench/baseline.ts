/** The minimal baseline as a separate process: a webhook arrives, then one GET to the CRM and one conditional PATCH to the ERP. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, request } from 'undici'

export interface BaselineProcess {
  readonly url: string
  underWay(): Promise<number>
  close(): Promise<void>
}

export async function startBaseline(remotes: {
  readonly crmUrl: string
  readonly erpUrl: string
}): Promise<BaselineProcess> {
  const child = spawn(process.execPath, [import.meta.filename, remotes.crmUrl, remotes.erpUrl], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()))
  })
  return {
    url,
    underWay: async () => Number(await (await fetch(`${url}/under-way`)).text()),
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

const concurrency = 64

/** Records have the same ids in both remotes: they were filled identically. */
async function serve(crmUrl: string, erpUrl: string): Promise<void> {
  const dispatcher = new Agent({ connections: concurrency, keepAliveTimeout: 60_000 })
  const versions = new Map<string, number>()
  const waiting: string[] = []
  let running = 0
  const copy = async (id: string): Promise<void> => {
    const read = await request(`${crmUrl}/contacts/${id}`, { dispatcher })
    const {
      externalId: _e,
      id: _i,
      version: _v,
      updatedAt: _u,
      ...record
    } = (await read.body.json()) as Record<string, unknown>
    const version = versions.get(id) ?? 1
    const written = await request(`${erpUrl}/partners/${id}`, {
      dispatcher,
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': `"${version}"` },
      body: JSON.stringify({ city: record.city }),
    })
    const after = (await written.body.json()) as { version?: number }
    if (after.version !== undefined) versions.set(id, after.version)
  }
  const next = (): void => {
    while (running < concurrency && waiting.length > 0) {
      const id = waiting.shift()
      if (id === undefined) return
      running += 1
      void copy(id).finally(() => {
        running -= 1
        next()
      })
    }
  }
  const server = createServer(async (incoming, response) => {
    if (incoming.url === '/under-way') {
      response.end(String(running + waiting.length))
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    response.writeHead(202).end()
    waiting.push((JSON.parse(Buffer.concat(chunks).toString()) as { data: { id: string } }).data.id)
    next()
  })
  server.listen(0, '127.0.0.1', () =>
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
  )
  process.once('SIGTERM', () => process.exit(0))
  process.stdin.resume()
  process.stdin.once('end', () => process.exit(0))
}

if (process.argv[1] === import.meta.filename) await serve(process.argv[2] ?? '', process.argv[3] ?? '')
