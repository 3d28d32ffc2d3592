/** Query options of every read of a resource. */
import type { ServiceQuery } from '../client.ts'
import type { ResourceSettings } from '../settings.ts'
import type { Bound } from './resource-context.ts'

/** `$select` and `$expand`. The property that a create stores our id in is always selected. */
export function shapeQuery({ model }: Bound, settings: ResourceSettings): ServiceQuery {
  const { select, create } = settings
  const marker = create.as === 'marker' ? create : undefined
  const expand = new Set(expandedParts(settings))
  const names = new Set(select ?? [])
  if (select !== undefined) {
    if (marker !== undefined && marker.within === undefined) names.add(marker.field)
    for (const name of requiredNames(settings)) names.add(name)
    // V2 requires expanded navigations to be selected; V4 doesn't.
    if (model.version === 2) for (const name of expand) names.add(name)
  }
  return {
    ...(names.size === 0 ? {} : { $select: [...names].join(',') }),
    ...(expand.size === 0 ? {} : { $expand: [...expand].join(',') }),
  }
}

/** Paths of `$expand`: those of the definition, and the one that leads to our marker. */
export function expandedParts({ expand = [], create }: ResourceSettings): readonly string[] {
  const within = create.as === 'marker' ? create.within : undefined
  return within === undefined ? expand : [...expand, within.navigation]
}

function requiredNames({ changes, tombstone }: ResourceSettings): readonly string[] {
  const tracks = (changes?.tracks ?? []).flatMap((track) =>
    'field' in track ? [track.field] : [track.date, track.time],
  )
  return [...tracks, ...(tombstone === undefined ? [] : [tombstone.field])]
}

/** Requests the total number of records. */
export function countQuery({ model }: Bound): ServiceQuery {
  return model.version === 2 ? { $inlinecount: 'allpages' } : { $count: 'true' }
}

/** The key properties as an order: a list that is paged by key has to be sorted by it. */
export function keyOrder({ set }: Bound): string {
  return set.type.key.join(',')
}
