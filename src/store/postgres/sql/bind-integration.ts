import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface BoundColumns {
  readonly id: string
  readonly version: string
  /** Counts changes of the definition only. */
  readonly epoch: number
  readonly document: Uint8Array | null
}

/** Below all entity locks and worker numbers, which share the lock class. */
const bindingLock = -2_000_000_000

/** Locks the binding exclusively until the transaction ends: no decision commits meanwhile. */
export async function lockBinding(session: Session, lockClass: number): Promise<void> {
  await session.rows(lock, [lockClass, bindingLock])
}

/** Locks the binding in shared mode until the transaction ends, so that it doesn't change. */
export async function shareBinding(session: Session, lockClass: number): Promise<void> {
  await session.rows(share, [lockClass, bindingLock])
}

export async function readBinding(session: Session): Promise<BoundColumns | undefined> {
  const [row] = await session.rows<BoundColumns & Record<string, unknown>>(read, [])
  return row
}

export async function saveBinding(
  session: Session,
  { id, version, epoch }: { readonly id: string; readonly version: string; readonly epoch: number },
): Promise<void> {
  await session.rows(bind, [id, version, epoch])
}

export async function saveDefinition(session: Session, version: string, document: Uint8Array): Promise<void> {
  await session.rows(save, [version, document])
}

/** 0 before anything is bound. */
export async function readEpoch(session: Session): Promise<number> {
  const [row] = await session.rows<{ epoch: number }>(epochOf, [])
  return row?.epoch ?? 0
}

const lock = { name: 'lock-binding', text: `select pg_advisory_xact_lock($1::integer, $2::integer)` }

const share = { name: 'share-binding', text: `select pg_advisory_xact_lock_shared($1::integer, $2::integer)` }

const read = {
  name: 'read-binding',
  text: `
    select i.id, i.version, i.epoch - i.contracts as epoch, d.document
    from integration i
    left join definition d on d.version = i.version`,
}

const bind = {
  name: 'save-binding',
  text: `
    insert into integration (id, version, epoch) values ($1, $2, $3)
    on conflict (only_row) do update set version = excluded.version, epoch = excluded.epoch + integration.contracts`,
}

const save = {
  name: 'save-definition',
  text: `
    insert into definition (version, document, at) values ($1, $2, now_ms())
    on conflict (version) do nothing`,
}

const epochOf = { name: 'read-epoch', text: `select epoch - contracts as epoch from integration` }
