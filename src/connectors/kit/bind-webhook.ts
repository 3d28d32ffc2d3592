/**
 * Common handling of deliveries: verifies the raw bytes, then reads which records changed, never their data.
 */
import { parseJson } from '../../http/json.ts'
import type { WebhookDelivery, WebhookResult } from './contract.ts'
import type { VerifyDelivery } from './webhook-verification.ts'

/** The secrets of a system's section. Both are accepted during a rotation. */
export interface WebhookSecrets {
  readonly secret?: string | undefined
  readonly nextSecret?: string | undefined
}

/** Returns the secrets that are set, the current one first. */
export function activeSecrets({ secret, nextSecret }: WebhookSecrets = {}): readonly string[] {
  return [secret, nextSecret].filter((one) => one !== undefined)
}

/**
 * Creates the handler of a system's deliveries. A delivery that fails verification is refused before any of
 * it is read.
 *
 * @param read reads a verified delivery; `signedId` is the id that the signature covers, if the scheme has
 *   one
 */
export function bindWebhook(
  verify: VerifyDelivery,
  read: (delivery: WebhookDelivery, signedId: string | undefined) => WebhookResult,
): (delivery: WebhookDelivery) => Promise<WebhookResult> {
  return async (delivery) => {
    const verification = verify(delivery)
    return verification.ok ? read(delivery, verification.deliveryId) : refused(verification.reason)
  }
}

/** Returns the result for a refused delivery. `reason` goes to counters and logs, never to the sender. */
export function refused(reason: string): WebhookResult {
  return { kind: 'refused', reason }
}

/**
 * Returns the body as JSON with numbers kept exactly as written, or undefined when it is not JSON or is
 * nested too deeply.
 */
export function jsonBody({ body }: WebhookDelivery): { readonly value: unknown } | undefined {
  const parsed = parseJson(Buffer.from(body).toString('utf8'), { maxDepth: 64, numbers: 'lossless' })
  return parsed.ok ? { value: parsed.value } : undefined
}
