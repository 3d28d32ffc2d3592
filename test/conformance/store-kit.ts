/** The harness of the store suite, and the steps of its tests. */
import { expect } from 'vitest'
import type { Intent, Member } from '../../src/model/state.ts'
import type {
  ClaimedRecord,
  Decision,
  JournalEntry,
  Mark,
  Settlement,
  Store,
  WorkerSession,
} from '../../src/store/contract.ts'
import type { DocumentFormat } from '../../src/store/document-format.ts'

/** One implementation under test. */
export interface StoreHarness {
  /** Empty, migrated and bound. */
  readonly store: Store
  /** Another store on the same state, as another process would have; memory has only one. */
  readonly other: Store
  /** Advances the time. */
  advance(ms: number): Promise<void>
  /** Ends the worker as the death of its process would. */
  kill(worker: WorkerSession): Promise<void>
  /** Changes one byte of the body of the journal's line with this sequence number. */
  tamper(seq: number): Promise<void>
  /** Makes the stored fields of a record, or those of its member, unreadable. Returns what undoes it. */
  spoil(recordId: string, system?: string): Promise<() => Promise<void>>
  uuid(): string
  close(): Promise<void>
}

export interface HarnessOptions {
  /** The format in which documents are written at first, as in the database of an earlier version. @default the newest */
  readonly format?: DocumentFormat
}

export type OpenHarness = (options?: HarnessOptions) => Promise<StoreHarness>

export const leaseMs = 60_000

export function mark(nativeId: string, system = 'crm', rest: Partial<Mark> = {}): Mark {
  return { system, entity: 'customer', nativeId, ...rest }
}

export async function claim(
  store: Store,
  worker: WorkerSession,
  limit = 100,
): Promise<readonly ClaimedRecord[]> {
  return (await store.claim({ worker: worker.id, limit, leaseMs })).records
}

export async function claimOne(store: Store, worker: WorkerSession): Promise<ClaimedRecord> {
  const records = await claim(store, worker)
  expect(records).toHaveLength(1)
  return records[0]!
}

export function clean({ lease, record }: ClaimedRecord, rest: Partial<Settlement> = {}): Settlement {
  return { lease, finish: { kind: 'clean', seq: record.dirtySeq }, ...rest }
}

export function promotion(
  claimed: ClaimedRecord,
  systems: readonly string[] = ['crm', 'erp'],
  rest: Partial<Decision> = {},
): Decision {
  return {
    lease: claimed.lease,
    record: { state: 'active', rev: 1, fields: { name: { value: 'Ann', rev: 1, src: 'crm', at: 1 } } },
    members: systems.map((system) => {
      const own = claimed.members.find((member) => member.system === system)
      return own === undefined
        ? { system, state: 'absent' as const }
        : { system, state: 'linked' as const, fields: { name: { shadow: 'Ann', acked: 1 } }, asof: 1 }
    }),
    ...rest,
  }
}

/** Adds a native record, promotes it and ends clean; returns its record id. */
export async function activeRecord(
  { store }: StoreHarness,
  worker: WorkerSession,
  nativeId: string,
  system = 'crm',
): Promise<string> {
  await store.intake([{ marks: [mark(nativeId, system)] }])
  const claimed = await claimOne(store, worker)
  expect(await store.decide([promotion(claimed)])).toEqual([{ kind: 'ok' }])
  expect(await store.settle([clean(claimed)])).toEqual([{ kind: 'ok' }])
  return claimed.record.id
}

export function intent(harness: StoreHarness, recordId: string, rest: Partial<Intent> = {}): Intent {
  return {
    id: harness.uuid(),
    recordId,
    system: 'erp',
    entity: 'customer',
    operation: 'update',
    revs: { name: 1 },
    request: { resource: 'partner', nativeId: 'E1', body: { name: 'Ann' }, values: { name: 'Ann' } },
    createdAt: 1000,
    firstSentAt: 1000,
    notAfter: 3000,
    state: 'open',
    ...rest,
  }
}

export function entry(recordId: string, body: unknown = { n: 1 }): JournalEntry {
  return { kind: 'decision', recordId, actor: 'worker', body }
}

export function memberOf(claimed: { readonly members: readonly Member[] }, system: string): Member {
  const found = claimed.members.find((member) => member.system === system)
  expect(found).toBeDefined()
  return found!
}
