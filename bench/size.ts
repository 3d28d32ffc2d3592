/**
 * What a record costs in the database: bytes after its first load, and WAL, row versions and the share of HOT updates of an edit. Records of 20
 * fields are created in an empty ERP from a CRM, and then edited there; each edit is written to the ERP.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestDatabase, withTestDatabase } from '../test/support/database.ts'
import { type RemoteFake, spawnFakeSystem } from '../test/support/fake-system/spawn.ts'
import { freePort, type IsthmusProcess, startIsthmus } from '../test/support/isthmus-process.ts'
import {
  contacts,
  customerRecord,
  hookSecret,
  partners,
  twoSystems,
  writeDefinition,
} from '../test/support/two-systems.ts'
import { nowMs, rounded, sleep } from './statistics.ts'
import { documentParts, type LogPart, logParts, type TableParts, tableParts } from './storage-detail.ts'

export interface SizeOptions {
  readonly records: number
  readonly fields: number
  readonly say: (line: string) => void
}

export interface SizeFigures {
  readonly records: number
  readonly fields: number
  /** Of all tables with their indexes, after a vacuum: with the free space that the load left. */
  readonly bytesPerRecord: number
  /** The same without that free space, after a full vacuum. */
  readonly liveBytesPerRecord: number
  /** The latter by table, the largest first. */
  readonly bytesByTable: Readonly<Record<string, number>>
  /** The same by rows, TOAST table and index. */
  readonly bytesByPart: Readonly<Record<string, TableParts>>
  /** Stored documents by table, and by kind of journal line. */
  readonly documentsByPart: Readonly<Record<string, number>>
  /** Documents of the record and its members, as they are stored. */
  readonly documentBytes: number
  readonly walPerEdit: number
  /** The log of an edit by table or index and kind of record; undefined where the server can't say. */
  readonly walByPart: Readonly<Record<string, LogPart>> | undefined
  /** Share of updates that changed no index, by table. */
  readonly hotShare: Readonly<Record<string, number>>
  /** Inserted, updated and deleted rows of an edit, by table. */
  readonly rowsPerEdit: Readonly<Record<string, number>>
}

const withinMs = 600_000
/** The first round makes the pages dirty, which costs an image of each. */
const editRounds = 2
/** An idle backend of PostgreSQL reports its counts this late. */
const statisticsDelayMs = 11_000

export async function benchSize({ records, fields, say }: SizeOptions): Promise<SizeFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-size-'))
  const database = await withTestDatabase({ durable: true })
  const crm = await spawnFakeSystem({ name: 'crm', resources: [contacts] })
  const erp = await spawnFakeSystem({
    name: 'erp',
    resources: [{ ...partners, write: 'both', conditional: 'honoured' }],
  })
  try {
    const ids = await fill(crm, records, fields)
    writeDefinition(directory, definition({ crm, erp, fields }))
    const isthmus = await startIsthmus({
      directory,
      port: await freePort(),
      environment: { CRM_HOOK_SECRET: hookSecret, DATABASE_URL: database.connection },
    })
    try {
      await untilWritten({ erp, isthmus }, records)
      await crm.sendWebhooksTo({ url: `${isthmus.url}/hooks/crm`, secret: hookSecret, ownWrites: false })
      const size = await sizeOf(database, records)
      say(
        `${size.bytesPerRecord} bytes per record of ${fields} fields, ${size.liveBytesPerRecord} without free space, ${size.documentBytes} of them documents`,
      )
      let edits = await costOfEdits({ crm, erp, isthmus, database }, { ids, value: 'first' })
      for (let round = 1; round < editRounds; round += 1)
        edits = await costOfEdits({ crm, erp, isthmus, database }, { ids, value: `round ${round}` })
      say(`${edits.walPerEdit} bytes of WAL per edit`)
      for (const [table, parts] of Object.entries(size.bytesByPart))
        say(`${table.padEnd(14)} ${partsText(parts)}`)
      say(`documents: ${partsText(size.documentsByPart)}`)
      for (const [part, { bytes, images, count }] of Object.entries(edits.walByPart ?? {}))
        say(`${part.padEnd(44)} ${bytes} bytes in ${count} records, ${images} of images`)
      return { records, fields, ...size, ...edits }
    } finally {
      await isthmus.stop()
    }
  } finally {
    await crm.close()
    await erp.close()
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function partsText(parts: TableParts): string {
  return Object.entries(parts)
    .map(([part, bytes]) => `${part} ${bytes}`)
    .join(', ')
}

async function fill(crm: RemoteFake, records: number, fields: number): Promise<readonly string[]> {
  const ids: string[] = []
  for (let at = 0; at < records; at += 500) {
    const create = Array.from({ length: Math.min(500, records - at) }, (_, n) => ({
      ...customerRecord(at + n + 1),
      ...Object.fromEntries(moreFields(fields).map((name) => [name, `${name} of ${at + n + 1}`])),
    }))
    ids.push(...(await crm.edit({ resource: 'contacts', create })))
  }
  return ids
}

const named = ['code', 'name', 'email', 'phone', 'city']

function moreFields(fields: number): readonly string[] {
  return Array.from({ length: fields - named.length }, (_, n) => `field${n + 1}`)
}

function definition(setup: { readonly crm: RemoteFake; readonly erp: RemoteFake; readonly fields: number }) {
  const { crm, erp, fields } = setup
  const names = [...named, ...moreFields(fields)]
  const map = Object.fromEntries(names.map((name) => [name, name]))
  const types = Object.fromEntries(names.map((name) => [name, 'string']))
  return twoSystems({
    crmUrl: crm.url,
    erpUrl: erp.url,
    crmResource: { read: { batch: { parameter: 'id', style: 'repeat', max: 50 } } },
    erpResource: {
      write: {
        with: 'patch',
        nested: 'merge',
        returns: 'body+version',
        omit: ['id', 'version', 'updatedAt'],
      },
    },
    customer: { fields: { ...types, code: { type: 'string', required: true } } },
    crmPart: { map, triggers: [{ webhook: 'changes' }, { full: '0 3 * * *' }] },
    erpPart: { map, triggers: [{ full: '0 3 * * *' }] },
  })
}

interface Setup {
  readonly crm: RemoteFake
  readonly erp: RemoteFake
  readonly isthmus: IsthmusProcess
  readonly database: TestDatabase
}

async function untilWritten({ erp, isthmus }: Pick<Setup, 'erp' | 'isthmus'>, writes: number): Promise<void> {
  const startedAt = nowMs()
  while ((await erp.counts('partners')).engineWrites < writes || !(await isIdle(isthmus.url))) {
    if (nowMs() - startedAt > withinMs) throw new Error(`not all writes after ${withinMs} ms`)
    await sleep(100)
  }
}

async function isIdle(url: string): Promise<boolean> {
  const response = await fetch(`${url}/api/v1/status`)
  const { counts } = (await response.json()) as StatusDocument // our own document
  const { due, running, waiting } = counts.queue
  return due + running + waiting === 0
}

interface StatusDocument {
  readonly counts: {
    readonly queue: { readonly due: number; readonly running: number; readonly waiting: number }
  }
}

async function sizeOf(
  database: TestDatabase,
  records: number,
): Promise<
  Pick<
    SizeFigures,
    | 'bytesPerRecord'
    | 'liveBytesPerRecord'
    | 'bytesByTable'
    | 'bytesByPart'
    | 'documentsByPart'
    | 'documentBytes'
  >
> {
  const perRecord = (bytes: number): number => Math.round(bytes / records)
  const total = (tables: readonly TableSize[]): number =>
    perRecord(tables.reduce((sum, { bytes }) => sum + bytes, 0))
  await database.query('vacuum')
  const all = await tableSizes(database)
  await database.query('vacuum full')
  const live = await tableSizes(database)
  const [documents] = await database.query<{ bytes: number }>(`
    select ((select sum(octet_length(fields)) from isthmus.record)
      + (select sum(octet_length(fields)) from isthmus.member))::int as bytes`)
  return {
    bytesPerRecord: total(all),
    liveBytesPerRecord: total(live),
    bytesByTable: Object.fromEntries(
      live
        .filter(({ bytes }) => bytes > 50 * records)
        .map(({ name, bytes }): [string, number] => [name, perRecord(bytes)]),
    ),
    bytesByPart: await tableParts(database, records),
    documentsByPart: await documentParts(database, records),
    documentBytes: perRecord(documents?.bytes ?? 0),
  }
}

interface TableSize {
  readonly name: string
  readonly bytes: number
}

function tableSizes(database: TestDatabase): Promise<TableSize[]> {
  return database.query<{ name: string; bytes: number }>(`
    select c.relname as name, pg_total_relation_size(c.oid)::int as bytes
    from pg_class c where c.relkind = 'r' and c.relnamespace = 'isthmus'::regnamespace
    order by 2 desc`)
}

interface Work {
  readonly position: string
  readonly tables: readonly {
    readonly name: string
    readonly changes: number
    readonly updates: number
    readonly hot: number
  }[]
}

async function workOf({ database }: Setup): Promise<Work> {
  await sleep(statisticsDelayMs)
  const tables = await database.query<Work['tables'][number]>(`
    select relname as name, (n_tup_ins + n_tup_upd + n_tup_del)::int as changes, n_tup_upd::int as updates,
      n_tup_hot_upd::int as hot
    from pg_stat_user_tables where schemaname = 'isthmus'`)
  const [wal] = await database.query<{ position: string }>('select pg_current_wal_lsn()::text as position')
  return { position: wal?.position ?? '0/0', tables }
}

async function costOfEdits(
  setup: Setup,
  { ids, value }: { readonly ids: readonly string[]; readonly value: string },
): Promise<Pick<SizeFigures, 'walPerEdit' | 'walByPart' | 'hotShare' | 'rowsPerEdit'>> {
  const { crm, erp, database } = setup
  const before = await workOf(setup)
  const written = (await erp.counts('partners')).engineWrites
  for (let at = 0; at < ids.length; at += 500) {
    const patch = ids.slice(at, at + 500).map((id) => ({ id, change: { city: `${value} ${id}` } }))
    await crm.edit({ resource: 'contacts', patch })
  }
  await untilWritten(setup, written + ids.length)
  const after = await workOf(setup)
  const [wal] = await database.query<{ bytes: number }>(
    'select pg_wal_lsn_diff($1::pg_lsn, $2::pg_lsn)::int as bytes',
    [after.position, before.position],
  )
  const worked = after.tables.map(({ name, changes, updates, hot }) => {
    const earlier = before.tables.find((table) => table.name === name)
    return {
      name,
      changes: changes - (earlier?.changes ?? 0),
      updates: updates - (earlier?.updates ?? 0),
      hot: hot - (earlier?.hot ?? 0),
    }
  })
  return {
    walPerEdit: Math.round((wal?.bytes ?? 0) / ids.length),
    walByPart: await logParts(database, {
      from: before.position,
      to: after.position,
      changes: ids.length,
    }),
    hotShare: Object.fromEntries(
      worked
        .filter(({ updates }) => updates >= ids.length / 2)
        .map(({ name, updates, hot }): [string, number] => [name, Math.round((hot / updates) * 100) / 100]),
    ),
    rowsPerEdit: Object.fromEntries(
      worked
        .filter(({ changes }) => changes >= ids.length / 20)
        .map(({ name, changes }): [string, number] => [name, rounded(changes / ids.length)]),
    ),
  }
}
