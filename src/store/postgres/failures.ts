/** Errors of the server and the connection, as codes of the store. */
import { IsthmusError } from '../../model/errors.ts'

/**
 * The transaction was certainly rolled back and may succeed if repeated: serialisation failure, deadlock, a
 * lost race for a unique key.
 */
const repeatable = new Set(['40001', '40P01', '23505'])
/**
 * Values that the server refuses: the item's fault, not the batch's. Integrity (23) and data (22) classes,
 * index row too long (54000).
 */
const itemFault = /^(22|23|54000)/
const connectionLost = /^(08|57P0[1235])|ECONN|EPIPE|ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH/
const connectionLostMessage =
  /terminated unexpectedly|Connection terminated|Client was closed|timeout exceeded|connection error|not queryable/i

export function codeOf(problem: unknown): string {
  if (!(problem instanceof Error) || !('code' in problem)) return ''
  return typeof problem.code === 'string' ? problem.code : ''
}

export function isRepeatable(problem: unknown): boolean {
  return repeatable.has(codeOf(problem))
}

/** True when one item of a batch may be the cause: the batch should be repeated item by item. */
export function isValueRefused(problem: unknown): problem is IsthmusError {
  return problem instanceof IsthmusError && problem.code === 'STORE_VALUE_REFUSED'
}

export function isConnectionLost(problem: unknown): boolean {
  if (connectionLost.test(codeOf(problem))) return true
  return problem instanceof Error && codeOf(problem) === '' && connectionLostMessage.test(problem.message)
}

/** What refused a value, in names: the server's own message may quote the value. */
function refusedBy(problem: unknown): string {
  const named = new Map(problem instanceof Error ? Object.entries(problem) : [])
  const names = ['constraint', 'table', 'column'].flatMap((kind) => {
    const name: unknown = named.get(kind)
    return typeof name === 'string' ? [`${kind} ${name}`] : []
  })
  return [codeOf(problem), ...names].join(', ')
}

/** `what` is a gerund: `claiming records`. */
export function storeError(problem: unknown, what: string): IsthmusError {
  if (problem instanceof IsthmusError) return problem
  const code = codeOf(problem)
  const options = { cause: problem }
  if (isConnectionLost(problem)) {
    return new IsthmusError('STORE_UNAVAILABLE', `${what}: the database does not answer`, options)
  }
  if (code === '53100') return new IsthmusError('STORE_DISK_FULL', `${what}: the disk is full`, options)
  if (code === '25006') {
    return new IsthmusError('STORE_READ_ONLY', `${what}: the database is read-only`, options)
  }
  if (itemFault.test(code)) {
    return new IsthmusError(
      'STORE_VALUE_REFUSED',
      `${what}: the database refused a value (${refusedBy(problem)})`,
      options,
    )
  }
  if (repeatable.has(code)) {
    return new IsthmusError('STORE_CONTENTION', `${what}: repeated too often (${code})`, options)
  }
  if (code.startsWith('53') || code === '55P03' || code === '57014') {
    return new IsthmusError('STORE_UNAVAILABLE', `${what}: the database is overloaded (${code})`, options)
  }
  return new IsthmusError('STORE_QUERY_FAILED', `${what}: the database refused it (${code})`, options)
}
