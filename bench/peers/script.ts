/**
 * A typical script for two-way sync: one loop that polls both systems by time of change, a file that remembers which records belong together and what
 * was last written, echoes recognised by comparing values, the later of two edits wins by the systems' clocks, and an occasional full comparison that
 * propagates deletions. It looks a record up by its code before it creates one, writes under the version read, retries, and never trusts an empty
 * list.
 *
 * `node script.ts <crm collection> <erp collection> <state file>`
 */
import {
  beginning,
  openState,
  type PeerRecord,
  placeOf,
  runForever,
  Side,
  sameValues,
  valuesOf,
} from './peer-kit.ts'

const pollMs = 1_000
const fullEveryMs = 10_000

interface Pair {
  readonly crm: string
  readonly erp: string
  /** Values of both systems when they last agreed. */
  readonly values: Readonly<Record<string, unknown>>
}

type Name = 'crm' | 'erp'

const [crmUrl = '', erpUrl = '', file = ''] = process.argv.slice(2)
const sides: Readonly<Record<Name, Side>> = { crm: new Side(crmUrl), erp: new Side(erpUrl) }
const { state, save } = openState(file, {
  places: { crm: beginning, erp: beginning },
  pairs: [] as Pair[],
})
const keyOf = (name: Name, id: string): string => `${name} ${id}`
const otherOf = (name: Name): Name => (name === 'crm' ? 'erp' : 'crm')
const pairs = new Map<string, Pair>()
for (const pair of state.pairs) remember(pair)
let fullAt = 0

function remember(pair: Pair): void {
  pairs.set(keyOf('crm', pair.crm), pair)
  pairs.set(keyOf('erp', pair.erp), pair)
}

function forget(pair: Pair): void {
  pairs.delete(keyOf('crm', pair.crm))
  pairs.delete(keyOf('erp', pair.erp))
}

function keep(): void {
  state.pairs = [...new Set(pairs.values())]
  save()
}

async function poll(): Promise<void> {
  const changed = {
    crm: await sides.crm.changedSince(state.places.crm),
    erp: await sides.erp.changedSince(state.places.erp),
  }
  const all = [
    ...changed.crm.map((one) => ({ name: 'crm' as const, one })),
    ...changed.erp.map((one) => ({ name: 'erp' as const, one })),
  ]
  // The later edit is applied last, and wins.
  for (const { name, one } of all.sort((a, b) => (a.one.updatedAt < b.one.updatedAt ? -1 : 1)))
    await carry(name, one)
  for (const name of ['crm', 'erp'] as const) {
    const last = changed[name].at(-1)
    if (last !== undefined) state.places[name] = placeOf(last)
  }
  keep()
}

async function carry(name: Name, record: PeerRecord): Promise<void> {
  const known = pairs.get(keyOf(name, record.id))
  if (known !== undefined && sameValues(known.values, record)) return
  const other = otherOf(name)
  const counterpart =
    known === undefined ? await sides[other].byCode(record.code) : await sides[other].read(known[other])
  if (counterpart === undefined && known !== undefined) return
  // Edited on both sides: the later edit wins, and is propagated when that side is processed.
  const isLater = counterpart !== undefined && counterpart.updatedAt > record.updatedAt
  if (known !== undefined && counterpart !== undefined && isLater && !sameValues(counterpart, known.values))
    return
  const values = valuesOf(record)
  if (counterpart !== undefined && sameValues(counterpart, record))
    return pair(name, record.id, counterpart.id, values)
  const written =
    counterpart === undefined
      ? await sides[other].create(values)
      : await sides[other].write(counterpart.id, values)
  if (written !== undefined) pair(name, record.id, written.id, values)
}

function pair(name: Name, id: string, otherId: string, values: Readonly<Record<string, unknown>>): void {
  remember(name === 'crm' ? { crm: id, erp: otherId, values } : { crm: otherId, erp: id, values })
}

/** Removes records from one side that no longer exist on the other. */
async function carryDeletions(): Promise<void> {
  const lists = { crm: await sides.crm.all(), erp: await sides.erp.all() }
  if (lists.crm.length === 0 || lists.erp.length === 0) return
  const ids = {
    crm: new Set(lists.crm.map(({ id }) => id)),
    erp: new Set(lists.erp.map(({ id }) => id)),
  }
  for (const known of new Set(pairs.values())) {
    const gone = (['crm', 'erp'] as const).filter((name) => !ids[name].has(known[name]))
    const [first] = gone
    if (first === undefined) continue
    if (gone.length === 1) await sides[otherOf(first)].remove(known[otherOf(first)])
    forget(known)
  }
  keep()
}

await runForever(pollMs, async () => {
  await poll()
  if (performance.now() < fullAt) return
  fullAt = performance.now() + fullEveryMs
  await carryDeletions()
})
