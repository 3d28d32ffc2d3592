/** The context of all operations on one table, and the reporting of their failures. */
import { isIsthmusError } from '../../../model/errors.ts'
import type { CallContext, CallFailure, WriteResult } from '../../kit/contract.ts'
import { callFailure } from '../../kit/outcome.ts'
import type { Catalog } from '../catalog.ts'
import type { PostgresClient } from '../client.ts'
import type { TableConfig } from '../config.ts'
import { databaseFailure, sqlState, writeFailure } from '../failures.ts'
import type { BoundTable } from '../statements.ts'

/** One resource of one bound database. */
export interface TableOwner {
  readonly resource: string
  readonly schema: string
  readonly config: TableConfig
  readonly client: PostgresClient
  readonly catalog: Catalog
  readonly pageSize: number
  readonly copyFrom: number
}

/** The name of the table or view. */
export function tableName({ resource, config }: Pick<TableOwner, 'resource' | 'config'>): string {
  return config.table ?? resource
}

/**
 * Returns the table with its current columns. @throws IsthmusError CONNECTOR_TABLE_MISSING, and the errors of
 * a read
 */
export async function boundTable(owner: TableOwner, context: CallContext): Promise<BoundTable> {
  const name = tableName(owner)
  const table = await owner.catalog.table(name, context)
  return { schema: owner.schema, name, config: owner.config, table }
}

/** A table or column has changed: the catalogue is read again next time. */
const changedTable = /^(42P01|42703|42804|42883|0A000)$/

/** Converts a failed read. */
export function readFailure(owner: TableOwner, problem: unknown, doing: string): CallFailure {
  noteChangedTable(owner, problem)
  if (isIsthmusError(problem)) return callFailure(problem)
  return databaseFailure(problem, `${doing} ${tableName(owner)}`)
}

/**
 * Returns the result of a failed write. A failure of our own checks before the statement was sent refuses the
 * record; an unusable response came after it.
 */
export function writeResult(owner: TableOwner, problem: unknown, doing: string): WriteResult {
  noteChangedTable(owner, problem)
  if (isIsthmusError(problem)) {
    const isAnswered = problem.code === 'CONNECTOR_RESPONSE_UNUSABLE'
    return { kind: isAnswered ? 'unknown' : 'rejected', failure: callFailure(problem) }
  }
  return writeFailure(problem, `${doing} ${tableName(owner)}`)
}

function noteChangedTable(owner: TableOwner, problem: unknown): void {
  if (changedTable.test(sqlState(problem) ?? '')) owner.catalog.forget()
}
