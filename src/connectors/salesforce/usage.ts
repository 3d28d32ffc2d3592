/** The org's quotas, as reported by `/limits`. */
import type { CallContext } from '../kit/contract.ts'
import type { SystemUsage } from '../kit/description.ts'
import { isNativeRecord } from '../kit/native.ts'
import { unusable } from '../kit/unusable.ts'
import type { SalesforceClient } from './client.ts'

const hourMs = 3_600_000
const namesMax = 200

/** @throws as a read does */
export async function readUsage(
  client: SalesforceClient,
  now: () => number,
  context: CallContext,
): Promise<readonly SystemUsage[]> {
  const { data } = await client.read('/limits', {}, context)
  if (!isNativeRecord(data)) throw unusable('the limits are not an object')
  const reportedAt = now()
  return Object.entries(data)
    .slice(0, namesMax)
    .flatMap(([name, quota]): readonly SystemUsage[] => {
      if (!isNativeRecord(quota)) return []
      const { Max: limit, Remaining: remaining } = quota
      if (typeof limit !== 'number' || typeof remaining !== 'number') return []
      const windowMs = windowOf(name)
      return [{ name, limit, remaining, reportedAt, ...(windowMs === undefined ? {} : { windowMs }) }]
    })
}

/**
 * The name implies the window: 24 hours or one hour, both sliding, so there is no point in time at which they
 * reset.
 */
function windowOf(name: string): number | undefined {
  if (name.startsWith('Daily')) return 24 * hourMs
  return name.startsWith('Hourly') ? hourMs : undefined
}
