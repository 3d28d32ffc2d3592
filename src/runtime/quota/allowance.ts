/** The allowance of a system: the limits of the definition, and the quotas that it reported. */
import type { SystemUsage } from '../../connectors/kit/description.ts'
import { parseShare } from '../../model/definition/schema/text.ts'
import type { SystemSettings } from '../../model/integration.ts'
import type { Allowance, AllowedRate } from './forecast.ts'

/** An allowance with all defaults filled in. */
export type KnownAllowance = Required<Allowance>

const periods = [
  ['perSecond', 1_000, 'per second'],
  ['perMinute', 60_000, 'per minute'],
  ['perHour', 3_600_000, 'per hour'],
  ['perDay', 86_400_000, 'per day'],
] as const

/** Combines both. Limits are not secret, so a definition with unresolved secrets is sufficient. */
export function allowanceOf(
  { config }: Pick<SystemSettings, 'config'>,
  quotas: readonly SystemUsage[],
): KnownAllowance {
  const { limits } = config
  const of = (key: string): unknown =>
    typeof limits === 'object' && limits !== null ? Reflect.get(limits, key) : undefined
  const rates = periods.flatMap(([key, perMs, words]): AllowedRate[] => {
    const requests = of(key)
    if (typeof requests !== 'number' || requests <= 0) return []
    return [{ name: `${requests.toLocaleString('en')} ${words}`, requests, perMs }]
  })
  const reserve = of('reserve')
  const share = typeof reserve === 'string' ? parseShare(reserve) : undefined
  return { rates, quotas, reserve: share ?? 0 }
}
