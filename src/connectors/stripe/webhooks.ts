/** Verifies a delivery over its raw bytes and reads from it which records changed: never their data. */
import { parseJson } from '../../http/json.ts'
import { durationMs } from '../../model/definition/schema/text.ts'
import type { ConnectedSystem } from '../kit/contract.ts'
import { isNativeRecord, textAt } from '../kit/native.ts'
import { modeOf } from './client.ts'
import type { StripeConfig } from './config.ts'
import { changesOf } from './events.ts'
import { type SignatureRules, signatureProblem } from './signature.ts'

/** Undefined when the system has no webhooks. */
export function bindWebhooks(config: StripeConfig): ConnectedSystem['webhook'] {
  const { webhooks } = config
  if (webhooks === undefined) return undefined
  const rules: SignatureRules = {
    secrets: [webhooks.secret, webhooks.nextSecret].filter((secret) => secret !== undefined),
    toleranceMs: durationMs(webhooks.tolerance) ?? 300_000,
  }
  return async (delivery) => {
    const problem = signatureProblem(delivery, rules)
    if (problem !== undefined) return { kind: 'refused', reason: problem }
    const parsed = parseJson(Buffer.from(delivery.body).toString('utf8'), {
      maxDepth: 64,
      numbers: 'lossless',
    })
    if (!parsed.ok) return { kind: 'refused', reason: 'the body is not JSON' }
    const event = parsed.value
    const deliveryId = textAt(event, ['id'])
    if (deliveryId === undefined) return { kind: 'refused', reason: 'the event has no id' }
    // An endpoint of a platform also hears of its connected accounts, and of both modes. What is not ours is taken and told to nobody.
    return { kind: 'accepted', deliveryId, changed: isOurs(event, config) ? changesOf(event) : [] }
  }
}

function isOurs(event: unknown, { account, auth }: StripeConfig): boolean {
  if (!isNativeRecord(event)) return false
  const from = textAt(event, ['account'])
  if (from !== account) return false
  return typeof event.livemode !== 'boolean' || event.livemode === (modeOf(auth.token) === 'live')
}
