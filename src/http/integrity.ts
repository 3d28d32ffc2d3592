/** Subresource integrity, as `fetch` checks it for `init.integrity`. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { UsageError } from '../model/errors.ts'
import type { ResponseParts } from './fetched-response.ts'

/** From the weakest to the strongest; only the digests of the strongest one given count. */
const algorithms = ['sha256', 'sha384', 'sha512'] as const

/**
 * Reads the body whole and compares it with the digests. Text that names no known digest demands nothing.
 * @throws UsageError when no digest fits
 */
export async function withIntegrity(
  integrity: string,
  data: ResponseParts['data'],
): Promise<ResponseParts['data']> {
  const bytes = data === null ? new Uint8Array() : data instanceof Uint8Array ? data : await data.whole()
  const given = [...integrity.matchAll(/(?<=^|\s)(sha256|sha384|sha512)-([\w+/-]+={0,2})(?=[\s?]|$)/g)]
  const strongest = algorithms.findLast((name) => given.some(([, algorithm]) => algorithm === name))
  if (strongest === undefined) return data === null ? null : bytes
  const digest = createHash(strongest).update(bytes).digest()
  const fits = given.some(([, algorithm, text = '']) => {
    const expected = Buffer.from(text, 'base64')
    return algorithm === strongest && expected.length === digest.length && timingSafeEqual(expected, digest)
  })
  if (!fits)
    throw new UsageError('HTTP_REQUEST_INVALID', 'The body does not have the digest that "integrity" names.')
  return data === null ? null : bytes
}
