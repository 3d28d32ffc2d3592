/** What a text that somebody types may be: for the admin API and the command line. */
import type { Integration } from '../model/integration.ts'
import { searchKeys } from '../model/matching/search-keys.ts'
import type { RecordSearch } from '../store/search-contract.ts'

/** @param values whether fields are searched as well */
export function recordSearch(
  { entities }: Integration,
  text: string,
  { limit, values }: { readonly limit: number; readonly values: boolean },
): RecordSearch {
  const all = [...entities.values()]
  return {
    recordId: text,
    nativeId: text,
    places: all.flatMap(({ name, systems }) =>
      [...systems.keys()].map((system) => ({ system, entity: name })),
    ),
    keys: values
      ? all.flatMap((entity) => searchKeys(entity, text).map((key) => ({ entity: entity.name, key })))
      : [],
    limit,
  }
}
