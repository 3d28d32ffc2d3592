/** The systems of this example: json-server with JSONPlaceholder's ten users, and a PostgreSQL table. */
import { readFileSync } from 'node:fs'
import { type StagedDatabase, stageDatabase } from '../harness/database.ts'
import { type Front, httpFront } from '../harness/front.ts'
import type { ExampleSystems } from '../harness/run-example.ts'
import { startJsonServer } from './json-server.ts'

export interface Users extends ExampleSystems {
  readonly apiFront: Front
  readonly databaseFront: Front
  /** The table, as the database's own people work on it. */
  readonly query: StagedDatabase['query']
  apiUsers(): Promise<readonly ApiUser[]>
  rows(): Promise<readonly Row[]>
  /** A request to json-server, as anybody could make it. */
  request(method: string, path: string, body?: object): Promise<void>
}

/** A user as json-server gives it. */
export interface ApiUser {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly phone: string
  readonly address?: { readonly street?: string; readonly city?: string }
}

/** A user as the table has it. */
export interface Row {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly street: string | null
  readonly city: string | null
}

export async function openUsers(): Promise<Users> {
  const api = await startJsonServer()
  const tables = readFileSync(new URL('tables.sql', import.meta.url), 'utf8')
  const database = await stageDatabase(tables)
  const apiFront = await httpFront(api.url)
  const apiUsers = async (): Promise<readonly ApiUser[]> => {
    const response = await fetch(`${api.url}/users`)
    return (await response.json()) as readonly ApiUser[] // json-server's own document
  }
  const rows = (): Promise<readonly Row[]> => database.query<Row>('select * from users order by id')
  return {
    apiFront,
    databaseFront: database.front,
    query: database.query,
    environment: { API_URL: apiFront.url, USERS_URL: database.url },
    apiUsers,
    rows,
    request: async (method, path, body) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${api.url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new RangeError(`${method} ${path}: ${response.status}`)
    },
    versions: async () => {
      const users = (await apiUsers()).map((user): [string, string] => [
        `api ${user.id}`,
        JSON.stringify(user),
      ])
      const lines = (await database.query<Row & { xmin: string }>('select xmin::text, * from users')).map(
        (row): [string, string] => [`database ${row.id}`, JSON.stringify(row)],
      )
      return new Map([...users, ...lines])
    },
    close: async () => {
      await apiFront.close()
      await database.close()
      await api.close()
    },
  }
}
