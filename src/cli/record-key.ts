/** Record keys on the command line: a record id, or `system:native-id`. */
import { UsageError } from '../model/errors.ts'
import type { Integration } from '../model/integration.ts'
import type { RecordInspection } from '../store/admin-contract.ts'
import type { OpenIntegration } from './context.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * Finds the record.
 *
 * @throws CLI_USAGE when the key has neither form or names an unknown system
 * @throws CLI_NOT_FOUND when there is no such record
 */
export async function findRecord(
  open: OpenIntegration,
  key: string,
  entity?: string,
): Promise<RecordInspection> {
  const found = await open.store.admin.inspect(parseRecordKey(open.integration, key, entity))
  if (found !== undefined) return found
  throw new UsageError(
    'CLI_NOT_FOUND',
    `no record ${key}; \`isthmus record show <system>:<native id>\` finds it by either system's id`,
  )
}

/** One line for each row of the record that can't be read. */
export function unreadableLines({ unreadable }: RecordInspection): readonly string[] {
  return unreadable.map(({ code, message }) => `NOT SHOWN, ${message} (${code})`)
}

/** A record by its id, or by a native id in one of its systems. */
export type NamedRecord =
  | { readonly recordId: string }
  | { readonly system: string; readonly nativeId: string; readonly entity?: string }

/** @throws CLI_USAGE when the key has neither form or names an unknown system */
export function parseRecordKey(
  integration: Integration,
  key: string,
  entity: string | undefined,
): NamedRecord {
  if (uuid.test(key)) return { recordId: key.toLowerCase() }
  const colon = key.indexOf(':')
  if (colon < 1)
    throw new UsageError('CLI_USAGE', `'${key}' is not a record key: use its id, or <system>:<native id>`)
  const system = key.slice(0, colon)
  const names = [...integration.systems.keys()]
  if (!names.includes(system))
    throw new UsageError('CLI_USAGE', `no system '${system}'; the definition has ${names.join(', ')}`)
  return { system, nativeId: key.slice(colon + 1), ...(entity === undefined ? {} : { entity }) }
}
