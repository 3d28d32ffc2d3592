/**
 * The signature of a delivery: `Stripe-Signature: t=<epoch seconds>,v1=<hex>,v1=<hex>,v0=…`.
 *
 * Each `v1` is an HMAC-SHA-256 of `<t>.<raw body>` with one of the endpoint's secrets: while a secret is
 * rolled, Stripe signs with both. `v0` is a scheme for tests and never accepted. The time is signed too, so
 * that a recorded delivery can't be replayed later.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { WebhookDelivery } from '../kit/contract.ts'
import type { VerifyDelivery } from '../kit/webhook-verification.ts'

/** Settings of the signature check. */
export interface SignatureRules {
  /** All active secrets; the whole text is the key, including `whsec_`. */
  readonly secrets: readonly string[]
  readonly toleranceMs: number
}

/** Creates the check of deliveries. It never throws. */
export function signatureVerifier(rules: SignatureRules): VerifyDelivery {
  return (delivery) => {
    const reason = signatureProblem(delivery, rules)
    return reason === undefined ? { ok: true } : { ok: false, reason }
  }
}

/** Returns why a delivery is not accepted; undefined when its signature is valid. */
function signatureProblem(
  { headers, body, receivedAt }: WebhookDelivery,
  { secrets, toleranceMs }: SignatureRules,
): string | undefined {
  const header = headers['stripe-signature']
  if (header === undefined) return 'the signature header is missing'
  const parts = header
    .split(',')
    .slice(0, 32)
    .map((part) => part.trim().split('=', 2))
  const time = parts.find(([name]) => name === 't')?.[1] ?? ''
  if (!/^\d{1,12}$/.test(time)) return 'the timestamp is missing or unreadable'
  const given = parts.flatMap(([name, value = '']) => (name === 'v1' ? [Buffer.from(value, 'hex')] : []))
  if (given.length === 0) return 'there is no signature of the scheme v1'
  const signed = Buffer.concat([Buffer.from(`${time}.`, 'utf8'), body])
  let matches = 0
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(signed).digest()
    for (const one of given) matches += isEqual(expected, one) ? 1 : 0
  }
  if (matches === 0) return 'no signature matches'
  return outsideTolerance(Number(time), receivedAt, toleranceMs)
}

/** Whole seconds on both sides, as the sender counts them. */
function outsideTolerance(seconds: number, receivedAt: number, toleranceMs: number): string | undefined {
  const ageMs = (Math.floor(receivedAt / 1_000) - seconds) * 1_000
  if (ageMs > toleranceMs) return 'the delivery is too old'
  return ageMs < -toleranceMs ? 'the delivery is from the future' : undefined
}

function isEqual(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given)
}
