/**
 * Logins, which every system keeps unique among its customers (kind `handed-on`): people hand them on and exchange them, and the systems refuse a write
 * whose login another of their records has. What the engine was refused has to arrive once it is free, and exchanges have to be resolved.
 */
import type { WriteResult } from '../../src/connectors/kit/contract.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'
import type { Native, RemoteTable } from '../support/fake-system/remote-table.ts'
import type { Chance } from './chance.ts'
import { failure } from './sim-network.ts'
import type { SimSystem } from './sim-system.ts'
import type { Users } from './users.ts'
import { customer } from './world.ts'

/** Logins that people give. The engine's temporary ones look different. */
const issued = /^login-v\w{5}-long$/

/** What the system answers to a write whose login another record has; undefined: it takes the write. */
export function refusedLogin(
  table: RemoteTable,
  nativeId: string | undefined,
  body: Native,
): WriteResult | undefined {
  const { login } = body
  if (typeof login !== 'string' || login === '' || holderOf(table, login, nativeId) === undefined)
    return undefined
  return { kind: 'rejected', failure: failure('HTTP_STATUS_FINAL', 'record'), fields: ['login'], taken: true }
}

function holderOf(table: RemoteTable, login: string, except: string | undefined): string | undefined {
  return [...table.nativeIds()].find(
    (nativeId) => nativeId !== except && table.current(nativeId)?.body?.login === login,
  )
}

/** People exchange the logins of two or three records, or give one record a new login and another one its old. */
export function handOn(chance: Chance, system: SimSystem, users: Users): void {
  const table = system.table(customer)
  const owners = [...table.nativeIds()].filter((nativeId) =>
    issued.test(String(table.current(nativeId)?.body?.login)),
  )
  const chosen = chance.shuffle(owners).slice(0, chance.int(2, 3))
  if (chosen.length < 2 || system.dead) return
  const logins = chosen.map((nativeId) => String(table.current(nativeId)?.body?.login))
  const [first = ''] = logins.splice(0, 1)
  const turned = [...logins, chance.of(0.6) ? first : users.login()]
  for (const [index, nativeId] of chosen.entries()) users.change(system, nativeId, { login: turned[index] })
}

interface Holder {
  readonly nativeId: string
  readonly wanted: unknown
  readonly actual: unknown
  readonly isRefused: boolean
}

/** Each refused login is one that a record has for good, and no temporary one is left. */
export function checkLogins(
  systems: Iterable<SimSystem>,
  details: readonly RecordDetail[],
  fail: (message: string) => void,
): void {
  for (const system of systems) {
    if (system.dead) continue
    const table = system.table(customer)
    const holders = new Map(
      details.flatMap((detail) => holdersIn(system.name, table, detail)).map((one) => [one.nativeId, one]),
    )
    for (const holder of holders.values()) {
      const why =
        holder.actual === holder.wanted || !holder.isRefused ? undefined : unresolved(holder, holders, table)
      if (why !== undefined)
        fail(`${system.name} ${holder.nativeId} has the login ${String(holder.actual)}: ${why}`)
    }
  }
}

function holdersIn(system: string, table: RemoteTable, { record, members }: RecordDetail): readonly Holder[] {
  const member = members.find((one) => one.system === system)
  const body = member?.nativeId === undefined ? undefined : table.current(member.nativeId)?.body
  if (member?.nativeId === undefined || body === undefined || record.state !== 'active') return []
  const { login } = member.fields
  return [
    {
      nativeId: member.nativeId,
      wanted: record.fields.login?.value,
      actual: body.login,
      isRefused: login?.rejected !== undefined && login.taken !== undefined,
    },
  ]
}

/** Follows who has the login that each one waits for. Ends at one that keeps its own: then two records have the same login in what was agreed. */
function unresolved(
  start: Holder,
  holders: ReadonlyMap<string, Holder>,
  table: RemoteTable,
): string | undefined {
  const seen = new Set<string>()
  for (let at: Holder | undefined = start; at !== undefined; ) {
    if (seen.has(at.nativeId)) return `it is exchanged with ${[...seen].join(', ')}, and nobody begins`
    seen.add(at.nativeId)
    const nativeId = holderOf(table, String(at.wanted), at.nativeId)
    if (nativeId === undefined) return `${String(at.wanted)} is free, and ${at.nativeId} has not taken it`
    const next = holders.get(nativeId)
    at = next?.isRefused === true && next.actual !== next.wanted ? next : undefined
  }
  return undefined
}
