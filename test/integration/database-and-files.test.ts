/** An application's database and a folder of files, kept in agreement by the real runtime: announcements in one direction, exports in the other. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DomainEvent } from '../../src/model/events.ts'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime, type IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { testKey } from '../support/test-key.ts'

const tables = `
create table customers (
  id bigint generated always as identity primary key,
  isthmus_id uuid unique,
  number text unique,
  name text not null,
  credit numeric(14, 2) not null default 0
);
create function tell_isthmus() returns trigger language plpgsql as $$
begin
  perform pg_notify('isthmus', json_build_object('table', tg_table_name, 'key', json_build_array(new.id::text))::text);
  return null;
end $$;
create trigger tell_isthmus after insert or update on customers for each row execute function tell_isthmus();
`

const definition = (url: string): string => `
integration: database-and-files
systems:
  shop:
    connector: postgres
    url: ${JSON.stringify(url)}
    listen: isthmus
    tables:
      customers: { create: { as: marker, column: isthmus_id } }
  erp:
    connector: file
    folder: exchange
    resources:
      partners:
        read: { from: snapshot, file: partners.csv }
        write: { to: snapshot, lockHonoured: true }
        csv: { delimiter: ';' }
        key: [number]
entities:
  customer:
    fields: { number: string, name: string, credit: decimal }
    match: [{ exact: [number] }]
    conflict: { default: prefer shop }
    delete: { from: [shop], action: delete }
    systems:
      shop:
        resource: customers
        map: { number: number, name: name, credit: credit }
        triggers: [{ poll: 1h }]
      erp:
        resource: partners
        map: { number: number, name: company, credit: limit }
        triggers: [{ poll: 1s }]
`

let shop: TestDatabase
let store: TestDatabase
let directory: string
let runtime: IsthmusRuntime
const events: DomainEvent[] = []

beforeAll(async () => {
  shop = await withTestDatabase()
  store = await withTestDatabase()
  for (const statement of tables.split(/;\n(?=create)/)) await shop.query(statement)
  await shop.query(
    `insert into customers (number, name, credit) select 'N' || g, 'Shop ' || g, g from generate_series(1, 3) g`,
  )
  directory = await mkdtemp(path.join(tmpdir(), 'isthmus-files-'))
  await writeFile(path.join(directory, 'isthmus.yaml'), definition(shop.connection))
  await exported('number;company;limit\nN2;Shop 2;2\nN9;From the ERP;1000.5\n')
  runtime = await createRuntime({
    loaded: await loadDefinition({ directory, environment: {} }),
    settings: readSettings({ ...testKey, DATABASE_URL: store.connection }, directory),
    engine: { pollMs: 100, backoffBaseMs: 100, backoffMaxMs: 1_000 },
    onEvent: (event) => void events.push(event),
  })
  runtime.start()
})

afterAll(async () => {
  await runtime?.stop()
  await shop.close()
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const file = (): string => path.join(directory, 'exchange', 'partners.csv')

async function exported(content: string): Promise<void> {
  await mkdir(path.dirname(file()), { recursive: true })
  await writeFile(`${file()}.tmp`, content)
  await rename(`${file()}.tmp`, file())
}

async function rowsOfFile(): Promise<string[]> {
  return (await readFile(file(), 'utf8')).split(/\r?\n/).slice(1, -1).toSorted()
}

describe('a database and a folder', () => {
  test('hold the same customers after the first load', async () => {
    const numbers = async () =>
      (await shop.query<{ number: string }>('select number from customers order by number')).map(
        ({ number }) => number,
      )
    await expect.poll(numbers).toEqual(['N1', 'N2', 'N3', 'N9'])
    await expect
      .poll(rowsOfFile)
      .toEqual(['N1;Shop 1;1', 'N2;Shop 2;2', 'N3;Shop 3;3', 'N9;From the ERP;1000.5'])
  })

  test('an edit that the database announces is in the file long before the next poll', async () => {
    await shop.query(`update customers set name = 'Announced', credit = 12345678901.25 where number = 'N1'`)
    await expect.poll(rowsOfFile).toContain('N1;Announced;12345678901.25')
  })

  test('an edit in the file is written to the database, and nothing else is overwritten', async () => {
    const content = await readFile(file(), 'utf8')
    await exported(content.replace('Shop 3', 'Edited by the ERP'))
    const name = async () =>
      (await shop.query<{ name: string }>(`select name from customers where number = 'N3'`))[0]?.name
    await expect.poll(name).toBe('Edited by the ERP')
    expect(await shop.query(`select credit::text from customers where number = 'N3'`)).toEqual([
      { credit: '3.00' },
    ])
  })

  test('lost connections are reopened, and no change made meanwhile is missed', async () => {
    await shop.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'isthmus shop'`,
    )
    await shop.query(`update customers set name = 'While we were away' where number = 'N2'`)
    await expect.poll(rowsOfFile).toContain('N2;While we were away;2')
    expect(events.map(({ type }) => type)).toContain('SubscriptionLost')
  })
})
