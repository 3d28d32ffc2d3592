/** Quotas: from what answers told the client into the contract's form, and from a system's own report into the client's limiter. */
import type { HttpClock } from '../../http/call.ts'
import type { ApiClient } from '../../http/client.ts'
import type { LimitReport } from '../../http/limits/limit-headers.ts'
import type { SystemUsage } from './description.ts'

/** What the responses so far told about limits with a known size; empty before the first response, and where answers tell nothing. */
export function quotasOf(client: Pick<ApiClient, 'usage'>, clock: HttpClock): readonly SystemUsage[] {
  const now = clock.now()
  return client.usage.limits.flatMap(({ name, quota, remaining, resetMs, windowMs }) => {
    if (quota === undefined || quota <= 0) return []
    const left = Math.max(0, Math.min(quota, remaining))
    const window = windowMs === undefined ? {} : { windowMs }
    return [{ name, limit: quota, remaining: left, resetsAt: now + resetMs, toldAt: now, ...window }]
  })
}

/**
 * Lets the limiter know of quotas that a system reports by a call of its own, so that the reserve holds before the first response that
 * names them. Quotas that don't count requests must not be given.
 */
export function feedQuotas(
  client: Pick<ApiClient, 'learnLimits'>,
  quotas: readonly SystemUsage[],
  clock: HttpClock,
): void {
  const now = clock.now()
  client.learnLimits(
    quotas.map(({ name, limit, remaining, resetsAt, windowMs }): LimitReport => {
      // A window without a known end slides: what is left is asked again soon instead of being believed for a whole window.
      const end = resetsAt === undefined ? {} : { resetMs: Math.max(0, resetsAt - now), windowMs }
      return { name, quota: limit, remaining, ...end }
    }),
  )
}
