/** The store as one simulated process sees it: each call takes time, may fail with its commit unknown, and is reported to the judge. */
import { IsthmusError } from '../../src/model/errors.ts'
import type { Member } from '../../src/model/state.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'
import type {
  ClaimedRecord,
  ClaimResult,
  Decision,
  Fact,
  Lease,
  Settlement,
  Store,
  WorkerSession,
} from '../../src/store/contract.ts'
import type { PlaceNote, SystemNote } from '../../src/store/health-contract.ts'
import type { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Chance } from './chance.ts'
import type { Oracle } from './oracle.ts'
import type { SimProcess } from './process.ts'

export interface StoreFaceOptions {
  readonly store: MemoryStore
  readonly process: SimProcess
  readonly chance: Chance
  /** Random source for notes on health only. */
  readonly notes: Chance
  readonly oracle: Oracle
  readonly faulty: () => boolean
  readonly broken: ReadonlySet<string>
  /** Newest lease per record, of any process: the one that a build without a fence would write under. */
  readonly leases: Map<string, Lease>
  /** A session that must end when the process dies. */
  readonly onSession: (session: WorkerSession) => void
}

type AnyMethod = (...args: readonly unknown[]) => Promise<unknown>

/** Wraps the store. Everything but `wake` and `onWake` goes through the process. */
export function faceStore(options: StoreFaceOptions): Store {
  const { store, process } = options
  const through = (target: object, name: string): AnyMethod => {
    const method = Reflect.get(target, name) as AnyMethod
    return (...args) => callThrough(options, name, () => method.apply(target, [...args]))
  }
  const special: Readonly<Record<string, unknown>> = {
    wake: () => store.wake(),
    // Arithmetic, not a statement.
    hashKeys: (...args: Parameters<Store['hashKeys']>) => store.hashKeys(...args),
    digest: (...args: Parameters<Store['digest']>) => store.digest(...args),
    onWake: (listener: () => void) =>
      store.onWake(() => {
        if (process.alive && !process.stalled) listener()
      }),
    admin: new Proxy(store.admin, { get: (target, name) => through(target, String(name)) }),
    openCreatesBefore: (...args: Parameters<Store['openCreatesBefore']>) =>
      callThrough(options, 'openCreatesBefore', async () =>
        options.broken.has('nobarrier') ? false : store.openCreatesBefore(...args),
      ),
    saveFact: (fact: Fact, at: number) =>
      callThrough(options, 'saveFact', async () => {
        await store.saveFact(fact, at)
        options.oracle.factSaved(fact)
      }),
    notePlace: (note: PlaceNote) => aside(options, 'notePlace', () => store.notePlace(note)),
    noteSystem: (note: SystemNote) => aside(options, 'noteSystem', () => store.noteSystem(note)),
    decide: (batch: readonly Decision[]) => callThrough(options, 'decide', () => decide(options, batch)),
    settle: (batch: readonly Settlement[]) => callThrough(options, 'settle', () => settle(options, batch)),
    claim: (request: Parameters<Store['claim']>[0]) =>
      callThrough(options, 'claim', async () => claimed(options, await store.claim(request))),
    registerWorker: () =>
      callThrough(options, 'registerWorker', async () => {
        const session = await store.registerWorker()
        options.onSession(session)
        return session
      }),
  }
  return new Proxy<Store>(store, {
    get(target, property) {
      const name = String(property)
      return special[name] ?? through(target, name)
    },
  })
}

/** A statement on the network: in time, or failed before or after its commit (F20). */
function callThrough<T>(options: StoreFaceOptions, name: string, effect: () => Promise<T>): Promise<T> {
  const { chance, process } = options
  const roll = options.faulty() && name !== 'registerWorker' ? chance.next() : 1
  return process.call(1, chance.int(0, 3), async () => {
    if (roll < 0.003) throw unavailable(name)
    const result = await effect()
    if (roll < 0.006) throw unavailable(name)
    return result
  })
}

/** A note on health: it takes time and fails like any other statement, with a random source of its own. */
function aside<T>(options: StoreFaceOptions, name: string, effect: () => Promise<T>): Promise<T> {
  const { notes, process } = options
  const roll = options.faulty() ? notes.next() : 1
  return process.callAside(1, notes.int(0, 3), async () => {
    if (roll < 0.01) throw unavailable(name)
    return effect()
  })
}

function unavailable(name: string): IsthmusError {
  return new IsthmusError('STORE_UNAVAILABLE', `the connection broke during ${name}`)
}

function claimed(options: StoreFaceOptions, result: ClaimResult): ClaimResult {
  for (const claim of result.records) {
    options.leases.set(claim.lease.recordId, claim.lease)
    options.oracle.claimed(options.process, claim)
  }
  if (options.broken.size === 0) return result
  return { ...result, records: result.records.map((claim) => forgetful(options.broken, claim)) }
}

/** The claim as a build without these memories would receive it. */
function forgetful(broken: ReadonlySet<string>, claim: ClaimedRecord): ClaimedRecord {
  const members = claim.members.map((member) => {
    const timeless = broken.has('notime') ? withoutFloor(member) : member
    if (!broken.has('nosent')) return timeless
    const fields = Object.entries(timeless.fields).map(([name, { own: _own, ...kept }]) => [name, kept])
    return { ...timeless, fields: Object.fromEntries(fields) }
  })
  return { ...claim, members, ...(broken.has('nointent') && { openIntents: [] }) }
}

function withoutFloor({ floor: _floor, ...member }: Member): Member {
  return { ...member, asof: 0 }
}

/** The commit of a build without intents, or without compare-and-clear. */
async function broken<Item extends Decision | Settlement>(
  options: StoreFaceOptions,
  item: Item,
): Promise<Item> {
  let changed = item
  if (options.broken.has('nofence')) changed = withNewestLease(options, changed)
  if (options.broken.has('nointent')) changed = { ...changed, intents: [], resolved: [] }
  if (options.broken.has('nomark') && 'finish' in changed && changed.finish.kind === 'clean') {
    const detail = await recordOf(options, changed.lease)
    const seq = detail?.record.dirtySeq ?? changed.finish.seq
    changed = { ...changed, finish: { kind: 'clean', seq } }
  }
  return changed
}

async function decide(options: StoreFaceOptions, batch: readonly Decision[]) {
  return judged(options, batch, (item) => options.store.decide([item]))
}

async function settle(options: StoreFaceOptions, batch: readonly Settlement[]) {
  return judged(options, batch, (item) => options.store.settle([item]))
}

/** One item after the other, so that the judge sees the state before and after each. */
async function judged<Item extends Decision | Settlement, Result extends { readonly kind: string }>(
  options: StoreFaceOptions,
  batch: readonly Item[],
  run: (item: Item) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const item of batch) {
    const before = await recordOf(options, item.lease)
    const [result] = await run(options.broken.size === 0 ? item : await broken(options, item))
    if (result === undefined) continue
    results.push(result)
    if (result.kind === 'ok')
      options.oracle.committed(options.process, item, before, await recordOf(options, item.lease))
  }
  return results
}

function withNewestLease<Item extends Decision | Settlement>(options: StoreFaceOptions, item: Item): Item {
  return { ...item, lease: options.leases.get(item.lease.recordId) ?? item.lease }
}

function recordOf({ store }: StoreFaceOptions, lease: Lease): Promise<RecordDetail | undefined> {
  return store.admin.record({ recordId: lease.recordId })
}
