/** The connector `file` on a folder of its own, and helpers of its tests. */
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect } from 'vitest'
import type {
  CallContext,
  ListEnd,
  ListedRecord,
  Resource,
  WriteResult,
} from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'

export const clock = { now: () => Date.now(), monotonic: () => performance.now() }
export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
export const german = fileURLToPath(
  new URL('../../../src/connectors/file/fixtures/customers.csv', import.meta.url),
)
export let folder: string

/** A folder of its own for each test. */
export function withFolder(): void {
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'isthmus-file-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })
}

export function system(resource: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return connectSystem(
    {
      name: 'erp',
      connector: 'file',
      config: { folder, resources: { customers: resource }, ...more },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock },
  )
}

export const customers = (resource: Record<string, unknown>, more?: Record<string, unknown>): Resource =>
  system(resource, more).resource('customers')

/** Writes a file of the folder like an export that renames. */
export async function put(name: string, content: string | Buffer): Promise<void> {
  const draft = path.join(folder, `${randomUUID()}.tmp`)
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
  await writeFile(draft, content)
  await rename(draft, path.join(folder, name))
}

export async function listOf(resource: Resource): Promise<{ records: ListedRecord[]; end: ListEnd }> {
  const records: ListedRecord[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { records, end: next.value }
    records.push(...next.value)
  }
}

export function ok(result: WriteResult | undefined): Extract<WriteResult, { kind: 'ok' }> {
  return result?.kind === 'ok' ? result : expect.fail(JSON.stringify(result))
}

export const snapshot = { read: { from: 'snapshot', file: 'customers.csv' } }
export const shared = { ...snapshot, write: { to: 'snapshot', lockHonoured: true } }
