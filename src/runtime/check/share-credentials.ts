/**
 * The credentials of a check: shared with the service if using them invalidates them; otherwise the system is
 * not called.
 */
import { dirname } from 'node:path'
import type { Integration } from '../../model/integration.ts'
import { type Environment, readSettings } from '../config.ts'
import { isSpentByUse, openSharedCredentials, type SharedCredentials } from '../shared-credentials.ts'
import { type CheckRow, rowOfError } from './check-row.ts'

interface CheckedCredentials {
  readonly credentials: SharedCredentials
  /** Systems whose tokens are not available. */
  readonly without: ReadonlySet<string>
  readonly rows: readonly CheckRow[]
}

/** Never throws: if the store can't be opened, returns a row for each system whose tokens are in it. */
export async function shareCredentials({
  integration,
  source,
  environment,
  offline,
}: {
  readonly integration: Integration
  readonly source: string
  readonly environment: Environment
  readonly offline: boolean
}): Promise<CheckedCredentials> {
  const home = {
    integration: integration.id,
    source,
    settings: () => readSettings(environment, dirname(source)),
  }
  const all = [...integration.systems.values()]
  try {
    const credentials = await openSharedCredentials({ ...home, systems: offline ? [] : all })
    return { credentials, without: new Set(), rows: [] }
  } catch (error) {
    const names = all.filter(isSpentByUse).map(({ name }) => name)
    const rows = names.map((name) => {
      const row = rowOfError('credentials', name, error)
      const message = `its tokens are in the integration's database, which can't be opened, and renewing one elsewhere would end the access of the service: ${row.message}`
      return { ...row, message }
    })
    const credentials = await openSharedCredentials({ ...home, systems: [] })
    return { credentials, without: new Set(names), rows }
  }
}
