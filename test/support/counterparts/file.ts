/**
 * The counterpart of the connector `file`: a folder and its other users. One file is shared under a lock; a legacy system imports orders from an
 * outbox and exports its stock again; another one drops files of changes.
 */
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import { readCsv, toCsv } from '../../../src/http/bodies/csv.ts'
import type { NativeRecord } from '../../../src/model/values.ts'

const columns = ['id', 'name', 'city']

export const startCounterpart: StartCounterpart = async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-counterpart-'))
  const shared = sharedFile(path.join(folder, 'customers.csv'))
  await shared.start()
  const erp = await oldSystem(folder)
  const feed = await changeFiles(folder)
  return {
    settings: {
      connector: 'file',
      folder,
      pageSize: 7,
      resources: {
        customers: {
          read: { from: 'snapshot', file: 'customers.csv' },
          write: { to: 'snapshot', lockHonoured: true },
        },
        stock: {
          format: 'ndjson',
          read: { from: 'snapshot', file: 'stock.ndjson' },
          trailer: 'rows',
          write: { to: 'outbox', folder: 'outbox' },
          lag: '1s',
        },
        events: {
          read: { from: 'deltas', files: 'inbox/events-*.csv', archive: 'done', operation: 'op' },
          lag: '1s',
        },
      },
    },
    resources: [shared.door, erp.door, feed],
    stop: async () => {
      await erp.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Writes a temporary file and renames it. */
async function appear(file: string, content: string | Uint8Array): Promise<void> {
  const draft = `${file}.${Math.random()}.tmp`
  await writeFile(draft, content)
  await rename(draft, file)
}

type Row = Readonly<Record<string, string>>

/** A CSV file that others change too, under the lock that the connector uses. */
function sharedFile(file: string): { readonly door: CounterpartResource; start(): Promise<void> } {
  const read = async (): Promise<Row[]> => {
    const rows: Row[] = []
    for await (const row of readCsv([await readFile(file)])) rows.push(row)
    return rows
  }
  const write = async (rows: readonly Row[]): Promise<void> => {
    const chunks: Uint8Array[] = []
    const cells = rows.map((row) => columns.map((column) => row[column] ?? ''))
    for await (const chunk of toCsv([columns, ...cells])) chunks.push(chunk)
    await appear(file, Buffer.concat(chunks))
  }
  const edit = async (change: (rows: Row[]) => Row[]): Promise<void> => {
    for (;;) {
      const lock = await open(`${file}.lock`, 'wx').catch(() => undefined)
      if (lock === undefined) {
        await sleep(10)
        continue
      }
      await write(change(await read()))
      await lock.close()
      return rm(`${file}.lock`)
    }
  }
  const door: CounterpartResource = {
    name: 'customers',
    body: (seed) => ({ id: `C${seed}`, name: `Name ${seed}`, city: 'Bonn' }),
    patch: (seed) => ({ city: `City ${seed}` }),
    texts: [{ path: ['name'] }, { path: ['city'] }],
    insert: async (body) => {
      await edit((rows) => [...rows, textsOf(body)])
      return String(body.id)
    },
    change: (nativeId, patch) =>
      edit((rows) => rows.map((row) => (row.id === nativeId ? { ...row, ...textsOf(patch) } : row))),
    remove: (nativeId) => edit((rows) => rows.filter(({ id }) => id !== nativeId)),
    refused: (seed) => ({ id: `C${seed}`, colour: 'red' }),
    crowd: async (count) => {
      await edit((rows) => [
        ...rows,
        ...Array.from({ length: count }, (_, n) => ({ id: `crowd ${n}`, name: 'crowd', city: '' })),
      ])
      return { name: 'crowd' }
    },
    count: async () => (await read()).length,
  }
  return { door, start: () => write([]) }
}

function textsOf(record: NativeRecord): Row {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value)]))
}

/** A system that checks its inbox periodically, and writes all its records after each change. */
async function oldSystem(
  folder: string,
): Promise<{ readonly door: CounterpartResource; stop(): Promise<void> }> {
  // One record exists from the beginning: without any, the fields are unknown.
  const records = new Map<string, NativeRecord>([
    ['S0', { id: 'S0', name: 'First', place: { shelf: 'A0', row: 7 } }],
  ])
  const outbox = path.join(folder, 'outbox')
  await mkdir(outbox)
  let writing = Promise.resolve()
  const exportAll = (): Promise<void> => {
    writing = writing.then(() => {
      const lines = [...records.values(), { rows: records.size }].map((record) => JSON.stringify(record))
      return appear(path.join(folder, 'stock.ndjson'), `${lines.join('\n')}\n`)
    })
    return writing
  }
  let reading = Promise.resolve()
  // Sequentially: the periodic check and a requested one would process the same file.
  const takeIn = (): Promise<void> => {
    reading = reading.then(takeAll)
    return reading
  }
  const takeAll = async (): Promise<void> => {
    const names = (await readdir(outbox)).filter((name) => !name.startsWith('.')).sort()
    for (const name of names) {
      for (const line of (await readFile(path.join(outbox, name), 'utf8')).split('\n')) {
        const row = line === '' ? {} : (JSON.parse(line) as NativeRecord)
        const { operation, ...record } = row
        if (operation === 'delete') records.delete(String(record.id))
        else if (operation !== undefined) records.set(String(record.id), record)
      }
      await rm(path.join(outbox, name))
    }
    if (names.length > 0) await exportAll()
  }
  await exportAll()
  const stopping = new AbortController()
  const work = (async () => {
    while (!stopping.signal.aborted) {
      await takeIn()
      await sleep(20, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })()
  const door: CounterpartResource = {
    name: 'stock',
    body: (seed) => ({ id: `S${seed}`, name: `Name ${seed}`, place: { shelf: `A${seed}`, row: 7 } }),
    patch: (seed) => ({ name: `New ${seed}` }),
    texts: [{ path: ['name'] }, { path: ['place', 'shelf'] }],
    insert: async (body) => {
      records.set(String(body.id), body)
      await exportAll()
      return String(body.id)
    },
    change: async (nativeId, patch) => {
      records.set(nativeId, { ...records.get(nativeId), ...patch })
      await exportAll()
    },
    remove: async (nativeId) => {
      records.delete(nativeId)
      await exportAll()
    },
    count: async () => {
      await takeIn()
      return records.size
    },
    waivers: {
      'update-many-leaves-neighbours':
        'An order is accepted when its file is there, whatever it names; what became of it shows in the next export.',
    },
  }
  return {
    door,
    stop: async () => {
      stopping.abort()
      await work
    },
  }
}

/** A system that drops a file for each change and provides nothing else. */
async function changeFiles(folder: string): Promise<CounterpartResource> {
  const records = new Map<string, Row>()
  const inbox = path.join(folder, 'inbox')
  await mkdir(inbox)
  let files = 0
  const drop = async (operation: string, row: Row): Promise<void> => {
    files += 1
    const chunks: Uint8Array[] = []
    const rows = [
      ['op', ...columns],
      [operation, ...columns.map((column) => row[column] ?? '')],
    ]
    for await (const chunk of toCsv(rows)) chunks.push(chunk)
    await appear(path.join(inbox, `events-${String(files).padStart(6, '0')}.csv`), Buffer.concat(chunks))
  }
  const first = { id: 'E0', name: 'First', city: 'Bonn' }
  records.set(first.id, first)
  await drop('upsert', first)
  return {
    name: 'events',
    body: (seed) => ({ id: `E${seed}`, name: `Name ${seed}`, city: 'Bonn' }),
    patch: (seed) => ({ city: `City ${seed}` }),
    texts: [{ path: ['name'] }],
    insert: async (body) => {
      const row = textsOf(body)
      records.set(String(body.id), row)
      await drop('upsert', row)
      return String(body.id)
    },
    change: async (nativeId, patch) => {
      const row = { ...records.get(nativeId), ...textsOf(patch) }
      records.set(nativeId, row)
      await drop('upsert', row)
    },
    remove: async (nativeId) => {
      records.delete(nativeId)
      await drop('delete', { id: nativeId })
    },
    count: async () => records.size,
  }
}
