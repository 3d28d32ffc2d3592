import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { checkIntegration } from './check-integration.ts'

let database: TestDatabase
const directory = mkdtempSync(join(tmpdir(), 'isthmus-keys-'))

beforeAll(async () => {
  database = await withTestDatabase()
  await database.query(
    `create table clients (tenant integer, number text, name text not null, email text, primary key (tenant, number))`,
  )
  // Both tenants use the same client numbers. Only the 300th client has the address of the first.
  await database.query(
    `insert into clients select 1, 'C' || n, 'Client ' || n, n || '@example.org' from generate_series(1, 299) n`,
  )
  await database.query(
    `insert into clients select 2, 'C' || n, 'Client ' || n, null from generate_series(1, 2) n`,
  )
  await database.query(`insert into clients values (3, 'D', 'Client', '1@EXAMPLE.org')`)
})

afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await database.close()
})

async function warningsOf(match: string): Promise<readonly string[]> {
  const part = (map: string): string =>
    `{ resource: clients, map: ${map}, triggers: [{ poll: 1m }], acceptRaceWindow: true }`
  writeFileSync(
    join(directory, 'isthmus.yaml'),
    `integration: keys
systems:
  crm: { connector: postgres, url: "${database.connection}", tables: { clients: { key: [tenant, number] } } }
  copy: { connector: memory, resources: { clients: {} } }
entities:
  client:
    fields:
      tenant: { type: integer, required: true }
      number: { type: string, required: true }
      name: { type: string, required: true }
      email: { type: string, normalize: [lowercase] }
    match: ${match}
    systems:
      crm: ${part('{ tenant: tenant, number: number, name: name, email: email }')}
      copy: ${part('{ tenant: tenant, number: number, name: name, email: email }')}
`,
  )
  const { rows } = await checkIntegration({ directory, environment: {} })
  expect(rows.filter(({ level }) => level === 'error')).toEqual([])
  return rows
    .filter(({ level, message }) => level === 'warning' && message.startsWith('match'))
    .map(({ message }) => message)
}

test('half of a key is reported: by what the system keeps unique, and by records that share it', async () => {
  const [shared, partial, ...more] = await warningsOf('[{ exact: [number] }]')
  expect(shared).toMatch(
    /^match exact number: not unique, 4 of 302 listed records share 2 keys \(such as .*C1/,
  )
  expect(partial).toBe('match exact number: crm keeps it unique only together with tenant')
  expect(more).toEqual([])
})

test('the whole key is not, nor is a key that some records lack', async () => {
  expect(await warningsOf('[{ exact: [tenant, number] }]')).toEqual([])
  expect(await warningsOf('never')).toEqual([])
})

test('a value that two records share after normalisation is found far beyond the samples, and not shown', async () => {
  const [message, ...more] = await warningsOf('[{ exact: [email] }]')
  expect(message).toMatch(/^match exact email: not unique, 2 of 302 listed records share a key/)
  expect(message).not.toContain('example')
  expect(more).toEqual([])
})
