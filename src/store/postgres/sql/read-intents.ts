import type { IntentOperation, IntentState } from '../../../model/state.ts'
import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface IntentColumns {
  readonly id: string
  readonly record_id: string
  readonly system: string
  readonly entity: string
  readonly operation: IntentOperation
  readonly document: Uint8Array
  readonly created_at: number
  readonly first_sent_at: number
  readonly not_after: number
  readonly state: IntentState
  readonly outcome: string | null
  readonly causes: readonly string[]
  readonly definition: string | null
}

const columns = `id, record_id, system, entity, operation, document, created_at, first_sent_at, not_after, state, outcome, causes, definition`

/** The intents of these records in state `open`. */
export function readOpenIntents(session: Session, recordIds: readonly string[]): Promise<IntentColumns[]> {
  return session.rows<IntentColumns & Record<string, unknown>>(openStatement, [recordIds])
}

/** The newest intents of a record, open or not. */
export function readIntents(session: Session, recordId: string, limit: number): Promise<IntentColumns[]> {
  return session.rows<IntentColumns & Record<string, unknown>>(allStatement, [recordId, limit])
}

const openStatement = {
  name: 'read-open-intents',
  text: `
    select ${columns}
    from intent
    where record_id = any($1::uuid[]) and state = 'open'
    order by record_id, created_at`,
}

const allStatement = {
  name: 'read-intents',
  text: `
    select * from (
      select ${columns} from intent where record_id = $1 order by created_at desc, id desc limit $2
    ) newest
    order by created_at, id`,
}
