/** Actions that are done once, on the memory store. */
import { keyMs, type OnceOutcome, type OnceStore } from '../once-contract.ts'
import type { MemoryContext } from './tables.ts'

interface Row {
  readonly digest: string
  readonly at: number
  readonly response: Promise<unknown>
}

/** Creates the part of the `AdminStore` for actions with keys. */
export function createMemoryOnce({ now }: Pick<MemoryContext, 'now'>): OnceStore {
  const rows = new Map<string, Row>()
  return {
    once: async ({ caller, key, digest }, work): Promise<OnceOutcome> => {
      const id = JSON.stringify([caller, key])
      const asked = Buffer.from(digest).toString('hex')
      const found = rows.get(id)
      if (found !== undefined && found.at > now() - keyMs) {
        if (found.digest !== asked) return { kind: 'different' }
        return { kind: 'repeated', response: await found.response }
      }
      const response = work()
      rows.set(id, { digest: asked, at: now(), response })
      try {
        return { kind: 'done', response: await response }
      } catch (error) {
        rows.delete(id)
        throw error
      }
    },
  }
}
