/** The back door of a fake system, for tests and benchmarks in other processes. Never visible to a connector. */
import type { ServerResponse } from 'node:http'
import type { FakeSystem } from './fake-system.ts'
import { sendJson } from './http-face.ts'
import type { FakeWebhookOptions, Fault } from './options.ts'
import type { Native, Version } from './remote-table.ts'

/** The edits of a user of the system, as one request. */
export interface AdminEdit {
  readonly resource: string
  readonly create?: readonly Native[]
  readonly patch?: readonly { readonly id: string; readonly change: Native }[]
  readonly remove?: readonly string[]
  readonly merge?: readonly { readonly id: string; readonly into: string }[]
}

/** One edit of a user who sees what is replaced. */
export interface AdminReplace {
  readonly resource: string
  readonly id: string
  readonly change: Native
}

/** Counts of the engine's writes. */
export interface AdminCounts {
  readonly live: number
  readonly seq: number
  /** Record ids for which more than one record was created. */
  readonly duplicates: readonly string[]
  readonly webhooksAccepted: number
  readonly engineWrites: number
}

/** One write of the engine. */
export interface AdminWrite {
  readonly nativeId: string
  /** 1 for a create. */
  readonly version: number
  readonly at: number
  readonly body: Native
}

export function handleAdmin(fake: FakeSystem, path: string, body: unknown, response: ServerResponse): void {
  const [, , verb = '', name = ''] = path.split('/')
  if (verb === 'records') sendAll(fake, name, response)
  else sendJson(response, 200, carryOut(fake, verb, name, body))
}

function carryOut(fake: FakeSystem, verb: string, name: string, body: unknown): unknown {
  switch (verb) {
    case 'edit':
      return { ids: edit(fake, body as AdminEdit) }
    case 'replace':
      return replace(fake, body as AdminReplace)
    case 'counts':
      return counts(fake, name)
    case 'writes':
      return writesSince(fake, name, Number((body as { since: number }).since))
    case 'fault':
      fake.fault(body as Fault)
      return {}
    case 'heal':
      fake.faults.clear()
      fake.outage(false)
      return {}
    case 'outage':
      fake.outage(true)
      return {}
    case 'webhooks':
      fake.sendWebhooksTo(body as FakeWebhookOptions)
      return {}
    default:
      throw new RangeError(`there is no ${verb}`)
  }
}

/** Makes a user's edits; returns the ids of created records. */
export function edit(fake: FakeSystem, wish: AdminEdit): readonly string[] {
  const { table } = fake.resource(wish.resource)
  const ids = (wish.create ?? []).map((record) => table.create(record, 'user').nativeId)
  for (const { id, change } of wish.patch ?? []) table.patch(id, change, 'user')
  for (const { id, into } of wish.merge ?? []) table.remove(id, 'user', { mergedInto: into })
  for (const id of wish.remove ?? []) table.remove(id, 'user')
  return ids
}

/** Makes one edit; returns the replaced values. */
function replace(fake: FakeSystem, { resource, id, change }: AdminReplace): Native {
  const { table } = fake.resource(resource)
  const before = table.current(id)?.body ?? {}
  table.patch(id, change, 'user')
  return Object.fromEntries(Object.keys(change).map((field) => [field, before[field] ?? null]))
}

/** The engine's writes after a sequence number: when, and the contents of the record then. */
function writesSince(fake: FakeSystem, name: string, since: number): readonly AdminWrite[] {
  return fake
    .resource(name)
    .table.changes.filter((version) => version.seq > since && version.by === 'engine')
    .map(({ nativeId, version, at, body }) => ({ nativeId, version, at, body: body ?? {} }))
}

/** All records as NDJSON: `{ id, …, version }` per line. */
function sendAll(fake: FakeSystem, name: string, response: ServerResponse): void {
  const resource = fake.resource(name)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  for (const nativeId of resource.table.nativeIds()) {
    const version = resource.table.current(nativeId) as Version
    response.write(`${JSON.stringify(resource.show(version))}\n`)
  }
  response.end()
}

function counts(fake: FakeSystem, name: string): AdminCounts {
  const { table } = fake.resource(name)
  return {
    live: table.size,
    seq: table.seq,
    duplicates: [...table.createdFor].flatMap(([recordId, nativeIds]) =>
      nativeIds.length > 1 ? [recordId] : [],
    ),
    webhooksAccepted: fake.webhooksAccepted,
    engineWrites: table.changes.filter((version) => version.by === 'engine').length,
  }
}
