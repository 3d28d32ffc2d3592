/**
 * Reports how a definition differs from the bound one for existing records. Only reads; a private database is
 * not opened.
 */
import { isIsthmusError } from '../../model/errors.ts'
import type { Integration } from '../../model/integration.ts'
import { describeLensChanges } from '../../model/lens/describe-changes.ts'
import type { Store } from '../../store/contract.ts'
import { lensesBefore, lensSetsOf } from '../bind-definition.ts'
import { settingsBeside } from '../open-integration.ts'
import { openStore } from '../open-store.ts'
import type { CheckRow } from './check-row.ts'

/**
 * Compares the definition with the bound one of `DATABASE_URL`; returns no rows if there is no such database,
 * or no change.
 */
export async function checkBound(integration: Integration, source: string): Promise<readonly CheckRow[]> {
  const settings = settingsBeside(source)
  if (settings.databaseUrl === undefined) return []
  try {
    const { store, close } = await openStore(settings, integration.id)
    try {
      return await compareWithBound(store, integration)
    } finally {
      await close()
    }
  } catch (error) {
    const why = isIsthmusError(error) ? error.code : 'no reason is known'
    const message = `its effect on existing records cannot be determined before the start: the database did not respond (${why})`
    return [{ level: 'ok', area: 'definition', subject: integration.id, message }]
  }
}

async function compareWithBound(store: Store, integration: Integration): Promise<readonly CheckRow[]> {
  const bound = await store.bound()
  if (bound === undefined || bound.id !== integration.id || bound.version === integration.version) return []
  const { lenses } = lensesBefore(bound, integration)
  return describeLensChanges(lenses, lensSetsOf(integration)).map(({ system, entity, message }) => ({
    level: 'ok',
    area: 'definition',
    subject: `${entity} in ${system}`,
    message: `differs from the running version: ${message}`,
  }))
}
