/**
 * One-time links by which the person at the machine signs in. They live in the memory of the process that
 * made them: a link leads to that process, for a minute, and once.
 */
import { createHash, randomBytes } from 'node:crypto'

/** How long a link can be used. */
export const linkMs = 60_000
const linksMax = 20

/** The links of one process. */
export interface LocalLinks {
  /** Returns the secret of a new link for a person of this machine. */
  create(person: string): string
  /** Returns for whom the link was made, and uses it up; undefined when it is unknown, used or too old. */
  take(secret: string): string | undefined
}

/** @param monotonic milliseconds. @default performance.now */
export function createLocalLinks(monotonic: () => number = () => performance.now()): LocalLinks {
  const open = new Map<string, { readonly person: string; readonly until: number }>()
  return {
    create(person) {
      const secret = randomBytes(32).toString('base64url')
      const [oldest] = open.keys()
      if (open.size >= linksMax && oldest !== undefined) open.delete(oldest)
      open.set(digest(secret), { person, until: monotonic() + linkMs })
      return secret
    },
    take(secret) {
      const key = digest(secret)
      const link = open.get(key)
      open.delete(key)
      return link !== undefined && link.until > monotonic() ? link.person : undefined
    },
  }
}

/** Looked up by its hash, so that the time of the look-up says nothing about the secret. */
function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
