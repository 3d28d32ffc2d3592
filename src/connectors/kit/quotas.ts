/**
 * Converts quotas: from the client's view of responses to the contract's form, and from a system's own report
 * to the client's limiter.
 */
import type { HttpClock } from '../../http/call.ts'
import type { ApiClient } from '../../http/client.ts'
import type { LimitReport } from '../../http/limits/limit-headers.ts'
import type { SystemUsage } from './description.ts'

/**
 * Returns the limits of known size that responses have reported so far; empty before the first response or
 * when responses report none.
 */
export function quotasOf(client: Pick<ApiClient, 'usage'>, clock: HttpClock): readonly SystemUsage[] {
  const now = clock.now()
  return client.usage.limits.flatMap(({ name, quota, remaining, resetMs, windowMs }) => {
    if (quota === undefined || quota <= 0) return []
    const left = Math.max(0, Math.min(quota, remaining))
    const window = windowMs === undefined ? {} : { windowMs }
    return [{ name, limit: quota, remaining: left, resetsAt: now + resetMs, reportedAt: now, ...window }]
  })
}

/**
 * Passes quotas that a system reports through a separate call to the limiter, so that the reserve holds
 * before the first response that names them. Quotas that don't count requests must not be passed.
 */
export function feedQuotas(
  client: Pick<ApiClient, 'learnLimits'>,
  quotas: readonly SystemUsage[],
  clock: HttpClock,
): void {
  const now = clock.now()
  client.learnLimits(
    quotas.map(({ name, limit, remaining, resetsAt, windowMs }): LimitReport => {
      // A window without a known end slides: the remainder is queried again soon instead of being trusted for
      // a whole window.
      const end = resetsAt === undefined ? {} : { resetMs: Math.max(0, resetsAt - now), windowMs }
      return { name, quota: limit, remaining, ...end }
    }),
  )
}
