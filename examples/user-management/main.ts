/** Demonstrates the client: `node examples/user-management/main.ts`. With a URL as argument it calls that API instead. */
import { isHttpError } from '../../src/http.ts'
import { startUserApi } from './user-api.ts'
import { Users } from './users.ts'

/** Runs the example and tells each step to `say`. */
export async function run(say: (line: string) => void, address?: string): Promise<void> {
  const local = address === undefined ? await startUserApi() : undefined
  const users = new Users(address ?? local?.url ?? '')
  try {
    const all = await users.all()
    say(`GET /users: ${all.length} users, the first is ${all[0]?.name}`)
    say(`GET /users/{id}: ${(await users.one(2))?.email}`)
    say(`GET /users/{id} of nobody: ${await users.one(999_999)}`)
    const ada = await users.add({ name: 'Ada Lovelace', email: 'ada@example.org' })
    say(`POST /users: ${ada.name} has the id ${ada.id}`)
    say(`POST /users, not valid: ${await failureOf(users.add({ name: 'Nobody', email: 'nowhere' }))}`)
    say(`an API that does not answer in time: ${await failureOf(users.slow(300))}`)
  } finally {
    await users.close()
    await local?.close()
  }
  const nowhere = new Users('http://127.0.0.1:1', { totalMs: 2_000 })
  say(`an API that is not there: ${await failureOf(nowhere.all())}`)
  await nowhere.close()
}

/** The properties that an application can decide by: the code, whether a retry may help, and whether the request may have taken effect. */
async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'no error'
  } catch (error) {
    if (!isHttpError(error)) throw error
    const retry = typeof error.retry === 'object' ? `after ${error.retry.afterMs} ms` : error.retry
    return `${error.name} ${error.code}, retry: ${retry}, outcome: ${error.outcome}`
  }
}

if (import.meta.main) await run((line) => console.log(line), process.argv[2])
