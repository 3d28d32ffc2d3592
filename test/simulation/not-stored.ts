/** A note in the journal that a look did not find a write which the system had answered with success. */
export function isNotStored(body: unknown): body is { readonly system: string; readonly field: string } {
  return typeof body === 'object' && body !== null && (body as { outcome?: unknown }).outcome === 'not-stored'
}
