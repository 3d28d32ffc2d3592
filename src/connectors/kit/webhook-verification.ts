/**
 * Verifies that a delivery comes from the holder of the secret: over the raw bytes, before anything is
 * parsed, in constant time, with every active secret tried (so that secrets can be rotated), and within the
 * tolerance in either direction if the scheme signs the time of sending.
 */
import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { UsageError } from '../../model/errors.ts'
import type { WebhookDelivery } from './contract.ts'

/**
 * How a system signs its deliveries. `secrets` holds all active ones; `toleranceMs` is 300,000 by default.
 */
export type WebhookScheme =
  /**
   * Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`; secrets `whsec_…` (HMAC) or
   * `whpk_…` (ed25519 public key).
   */
  | {
      readonly kind: 'standard'
      /** Accepted secrets; several during a rotation. */
      readonly secrets: readonly string[]
      /** Largest difference between the timestamp and now, in milliseconds. @default 300000 */
      readonly toleranceMs?: number
    }
  /** A digest of the body under a shared secret. */
  | ({
      readonly kind: 'hmac'
      /** Accepted secrets; several during a rotation. */
      readonly secrets: readonly string[]
    } & HmacScheme)
  /** A fixed token in a header, sent as it is: proves who sends, not that the body is unaltered. */
  | {
      readonly kind: 'token'
      /** Accepted tokens; several during a rotation. */
      readonly secrets: readonly string[]
      /** Lower-case name of the header that contains the token. */
      readonly header: string
      /** Text before the token in the header. @default nothing */
      readonly prefix?: string
    }

/** A keyed hash of the body in a header, as many vendors use. */
export interface HmacScheme {
  /** Lower-case name of the header that contains the signature. */
  readonly header: string
  /** @default 'sha256' */
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512'
  /** @default 'hex' */
  readonly encoding?: 'hex' | 'base64'
  /** Text before the hash in the header, for example `sha256=`. @default '' */
  readonly prefix?: string
  /**
   * Header with the time of sending in epoch seconds; `{timestamp}.{body}` is then signed. @default only the
   * body is signed
   */
  readonly timestampHeader?: string
  /** Largest difference between the timestamp and now, in milliseconds. @default 300000 */
  readonly toleranceMs?: number
}

/** Result of verifying a delivery. `reason` is for counters, never for the sender. */
export type Verification =
  /** The delivery is genuine. */
  | {
      readonly ok: true
      /** Id that the sender assigned to the delivery, if the scheme has one. */
      readonly deliveryId?: string
    }
  /** It is not genuine, or that can't be determined. */
  | {
      readonly ok: false
      /** Why it is refused, for logs. */
      readonly reason: string
    }

/** Verifies one delivery. Never throws. */
export type VerifyDelivery = (delivery: WebhookDelivery) => Verification

const defaultToleranceMs = 300_000

/** Creates the verification. @throws UsageError CONNECTOR_CONFIG_INVALID for a missing or unusable secret */
export function webhookVerifier(scheme: WebhookScheme): VerifyDelivery {
  if (scheme.secrets.length === 0 || scheme.secrets.some((secret) => secret === '')) {
    throw new UsageError('CONNECTOR_CONFIG_INVALID', 'Webhooks need a secret that is not empty.')
  }
  switch (scheme.kind) {
    case 'standard':
      return standardVerifier(scheme.secrets, scheme.toleranceMs ?? defaultToleranceMs)
    case 'hmac':
      return hmacVerifier(scheme, scheme.secrets)
    case 'token':
      return tokenVerifier(scheme)
  }
}

type StandardKey =
  | { readonly kind: 'v1'; readonly secret: KeyObject }
  | { readonly kind: 'v1a'; readonly key: KeyObject }

function standardVerifier(secrets: readonly string[], toleranceMs: number): VerifyDelivery {
  const keys = secrets.map(standardKey)
  return ({ headers, body, receivedAt }) => {
    const id = headers['webhook-id']
    const timestamp = headers['webhook-timestamp']
    const signatures = headers['webhook-signature']
    if (!id || !timestamp || !signatures) return refused('signature headers are missing')
    const outside = outsideTolerance(timestamp, receivedAt, toleranceMs)
    if (outside !== undefined) return outside
    const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`, 'utf8'), body])
    const given = signatures.split(' ').slice(0, 16)
    let matches = 0
    for (const key of keys) for (const one of given) matches += matchesStandard(key, signed, one) ? 1 : 0
    return matches > 0 ? { ok: true, deliveryId: id } : refused('no signature matches')
  }
}

function standardKey(secret: string): StandardKey {
  if (secret.startsWith('whpk_')) {
    const x = Buffer.from(secret.slice(5), 'base64').toString('base64url')
    return { kind: 'v1a', key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) }
  }
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  if (bytes.length === 0) {
    throw new UsageError(
      'CONNECTOR_CONFIG_INVALID',
      'A Standard Webhooks secret is base64, usually with the prefix whsec_.',
    )
  }
  return { kind: 'v1', secret: createSecretKey(bytes) }
}

function matchesStandard(key: StandardKey, signed: Buffer, given: string): boolean {
  const comma = given.indexOf(',')
  if (given.slice(0, comma) !== key.kind) return false
  const signature = Buffer.from(given.slice(comma + 1), 'base64')
  if (key.kind === 'v1a') return signature.length === 64 && verify(null, signed, key.key, signature)
  return equal(createHmac('sha256', key.secret).update(signed).digest(), signature)
}

function hmacVerifier(scheme: HmacScheme, secrets: readonly string[]): VerifyDelivery {
  const { algorithm = 'sha256', encoding = 'hex', prefix = '', toleranceMs = defaultToleranceMs } = scheme
  const header = scheme.header.toLowerCase()
  const timestampHeader = scheme.timestampHeader?.toLowerCase()
  // Created once: from raw bytes, each signature takes several times as long.
  const keys = secrets.map((secret) => createSecretKey(secret, 'utf8'))
  return ({ headers, body, receivedAt }) => {
    const given = headers[header]
    if (given === undefined) return refused('the signature header is missing')
    if (!given.startsWith(prefix)) return refused('the signature header has another form')
    let signed: Uint8Array = body
    if (timestampHeader !== undefined) {
      const timestamp = headers[timestampHeader] ?? ''
      const outside = outsideTolerance(timestamp, receivedAt, toleranceMs)
      if (outside !== undefined) return outside
      signed = Buffer.concat([Buffer.from(`${timestamp}.`, 'utf8'), body])
    }
    const signature = Buffer.from(given.slice(prefix.length), encoding)
    let matches = 0
    for (const key of keys) {
      matches += equal(createHmac(algorithm, key).update(signed).digest(), signature) ? 1 : 0
    }
    return matches > 0 ? { ok: true } : refused('no signature matches')
  }
}

function tokenVerifier(scheme: Extract<WebhookScheme, { kind: 'token' }>): VerifyDelivery {
  const header = scheme.header.toLowerCase()
  const prefix = scheme.prefix ?? ''
  return ({ headers }) => {
    const given = headers[header]
    if (given === undefined) return refused('the token header is missing')
    let matches = 0
    for (const secret of scheme.secrets) matches += equal(digest(prefix + secret), digest(given)) ? 1 : 0
    return matches > 0 ? { ok: true } : refused('the token does not match')
  }
}

/** Hashes first, so that lengths are equal and reveal nothing. */
function digest(text: string): Buffer {
  return createHmac('sha256', 'isthmus').update(text, 'utf8').digest()
}

function equal(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given)
}

function outsideTolerance(
  timestamp: string,
  receivedAt: number,
  toleranceMs: number,
): Verification | undefined {
  if (!/^\d{1,12}$/.test(timestamp)) return refused('the timestamp is missing or unreadable')
  // Whole seconds on both sides, as in the senders' libraries.
  const ageMs = Math.floor(receivedAt / 1_000) * 1_000 - Number(timestamp) * 1_000
  if (ageMs > toleranceMs) return refused('the delivery is too old')
  return ageMs < -toleranceMs ? refused('the delivery is from the future') : undefined
}

function refused(reason: string): Verification {
  return { ok: false, reason }
}
