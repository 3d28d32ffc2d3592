/** Compares json-server and the table user by user. A user is the same one when the e-mail address is. */
import type { Audit } from '../harness/run-example.ts'
import type { ApiUser, Row, Users } from './systems.ts'

export async function auditUsers(systems: Users): Promise<Audit> {
  const users = await systems.apiUsers()
  const rows = await systems.rows()
  const byEmail = new Map(rows.map((row) => [keyOf(row), row]))
  const known = new Set(users.map(keyOf))
  const problems = users.flatMap((user) => differences(user, byEmail.get(keyOf(user))))
  for (const row of rows) if (!known.has(keyOf(row))) problems.push(`${row.email} is not in the API`)
  return {
    records: users.length,
    duplicates: users.length - known.size + rows.length - byEmail.size,
    problems,
  }
}

function keyOf({ email }: { readonly email: string }): string {
  return email.toLowerCase()
}

function differences(user: ApiUser, row: Row | undefined): string[] {
  if (row === undefined) return [`${user.email} is not in the table`]
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['name', user.name, row.name],
    ['phone', user.phone, row.phone],
    ['street', user.address?.street, row.street],
    ['city', user.address?.city, row.city],
  ]
  return pairs
    .filter(([, left, right]) => (left ?? null) !== (right ?? null))
    .map(([field, left, right]) => `${user.email}: ${field} is ${left} and ${right}`)
}
