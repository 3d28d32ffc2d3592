/**
 * Reads the feed of a place: its first page, like the first poll, and the page after it, like every later
 * poll. This finds a wrong path, a missing permission, a query that does not sort, and a position that is
 * refused or ignored, before the service runs.
 */

import type { CallContext, ChangesResult, Resource } from '../../connectors/kit/contract.ts'
import { counted } from '../../model/health/words.ts'
import { type CheckRow, rowOfError, rowOfFailure } from './check-row.ts'

export interface FeedTrial {
  /** Entity and system as text. */
  readonly subject: string
  readonly resource: Resource
  readonly context: CallContext
}

/** Returns no rows for a resource without a feed. Never throws. */
export async function checkFeed(trial: FeedTrial): Promise<CheckRow[]> {
  const { resource, subject } = trial
  if (resource.changes === undefined || resource.capabilities.changes.cursor === 'none') return []
  const about = `${subject}, feed`
  try {
    const first = await ask(trial, undefined)
    if (first.kind === 'unknown') return [rowOfFailure('reach', about, first.failure)]
    if (first.kind === 'expired') return [refused(about, 'it refuses to start from its beginning')]
    const second = await ask(trial, first.cursor)
    if (second.kind === 'unknown') return [rowOfFailure('reach', `${about} after a position`, second.failure)]
    if (second.kind === 'expired') return [refused(about, 'it rejects the cursor that it has just returned')]
    if (first.more && second.more && second.changed.length === 0 && second.cursor === first.cursor)
      return [refused(about, 'it returns the same page for every cursor')]
    return [{ level: 'ok', area: 'reach', subject: about, message: wordsOf(first) }]
  } catch (error) {
    return [rowOfError('reach', about, error)]
  }
}

async function ask({ resource, context }: FeedTrial, cursor: string | undefined): Promise<ChangesResult> {
  const { signal } = context
  const asked = resource.changes?.(cursor, context)
  if (asked === undefined) throw new TypeError('the resource has no feed')
  // A connector that ignores its signal must not delay the report.
  const late = new Promise<ChangesResult>((resolve) => {
    const failure = { code: 'HTTP_TIMEOUT', message: 'It did not respond in time.', scope: 'system' } as const
    signal.addEventListener('abort', () => resolve({ kind: 'unknown', failure }), { once: true })
  })
  return await Promise.race([asked, late])
}

function wordsOf(page: Extract<ChangesResult, { readonly kind: 'page' }>): string {
  const changes = counted(page.changed.length, 'change')
  return `it can be read from its beginning and from a position: ${changes} on the first page${page.more ? ', and more' : ''}`
}

function refused(subject: string, message: string): CheckRow {
  const hint = 'correct the feed in the manifest: its path, its cursor and its sort order'
  return { level: 'error', area: 'reach', subject, message, hint }
}
