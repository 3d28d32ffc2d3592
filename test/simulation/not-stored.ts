import type { SystemTraits } from './scenario.ts'

/** A note in the journal that a look did not find a write which the system had answered with success. */
export function isNotStored(body: unknown): body is { readonly system: string; readonly field: string } {
  return typeof body === 'object' && body !== null && (body as { outcome?: unknown }).outcome === 'not-stored'
}

/**
 * Elsewhere, a form of our value that equals the old one, and an edit that puts the old one back, look like a write that was not stored: no
 * version shows that the record changed, or no response shows what was stored.
 */
export function tellsWhatItStored({ capabilities }: SystemTraits): boolean {
  return capabilities.version !== 'none' && capabilities.writeReturns !== 'nothing'
}
