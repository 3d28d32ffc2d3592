import type { SystemTraits } from './scenario.ts'

/** A journal line reporting that a read did not find a write which the system had confirmed. */
export function isNotStored(body: unknown): body is { readonly system: string; readonly field: string } {
  return typeof body === 'object' && body !== null && (body as { outcome?: unknown }).outcome === 'not-stored'
}

/**
 * Elsewhere, a form of our value that equals the old one, and an edit that restores the old one, look like a write that was not stored: no version
 * shows that the record changed, or no response shows what was stored.
 */
export function tellsWhatItStored({ capabilities }: SystemTraits, isCreate: boolean): boolean {
  if (capabilities.version === 'none' || capabilities.writeReturns === 'nothing') return false
  // Before a create there is no version to compare with: only one in its response shows that the record has changed since.
  return !isCreate || capabilities.writeReturns === 'body+version'
}
