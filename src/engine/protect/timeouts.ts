/**
 * Time limits of remote calls, without a timer per call: one sleeping loop serves all of them while there are
 * any.
 *
 * A limit fires up to {@link tickMs} early and never late, because a write that is aborted late could take
 * effect after the time that its intent promises.
 */
import type { Clock, Timeouts } from '../ports.ts'

const tickMs = 50

interface Limit {
  readonly at: number
  readonly expire: () => void
}

/** Makes the time limits of one engine; nothing ticks while no call is in flight. */
export function createTimeouts(clock: Pick<Clock, 'monotonic' | 'sleep'>): Timeouts {
  const limits = new Set<Limit>()
  let ticking = false

  const tick = async (): Promise<void> => {
    while (limits.size > 0) {
      await clock.sleep(tickMs)
      const edge = clock.monotonic() + tickMs
      for (const limit of limits) if (limit.at <= edge) limit.expire()
    }
    ticking = false
  }

  return {
    bound: (ms, parent, call, onTimeout) =>
      new Promise((resolve, reject) => {
        const controller = new AbortController()
        const over = (): void => {
          limits.delete(limit)
          parent.removeEventListener('abort', expire)
        }
        const expire = (): void => {
          over()
          controller.abort()
          resolve(onTimeout())
        }
        const limit: Limit = { at: clock.monotonic() + ms, expire }
        if (parent.aborted) {
          resolve(onTimeout())
          return
        }
        limits.add(limit)
        parent.addEventListener('abort', expire, { once: true })
        if (!ticking) {
          ticking = true
          void tick()
        }
        call(controller.signal).then(
          (result) => {
            over()
            resolve(result)
          },
          (reason: unknown) => {
            over()
            reject(reason)
          },
        )
      }),
  }
}
