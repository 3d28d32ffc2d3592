/**
 * Probes of webhooks: a delivery with an invalid signature is ignored, and a valid one names the right
 * records.
 */
import type { ConnectedSystem, WebhookDelivery, WebhookResult } from '../../contract.ts'
import type { ProbeBench } from '../bench.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

type Take = (delivery: WebhookDelivery) => Promise<WebhookResult>

/** @throws IsthmusError CONNECTOR_PROBE_SKIPPED without a signed delivery */
function signed(
  bench: ProbeBench,
  nativeId: string,
  deleted = false,
): { take: Take; delivery: WebhookDelivery } {
  const { webhook }: ConnectedSystem = bench.system
  const make = bench.counterpart?.delivery
  if (webhook === undefined) skip('the system is bound without webhooks')
  if (make === undefined) skip('nobody can sign a delivery as the system does')
  const change = { resource: bench.resource.name, nativeId, ...(deleted ? { deleted } : {}) }
  return { take: webhook.bind(bench.system), delivery: make.call(bench.counterpart, change) }
}

/** Probes of webhook deliveries and their signatures. */
export const webhookProbes: readonly Probe[] = [
  {
    name: 'webhook-names-the-record',
    proves: 'A signed delivery is accepted and names the record, consistently for repeated deliveries.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { take, delivery } = signed(bench, nativeId)
      const [first, again] = [await take(delivery), await take(delivery)]
      check(
        first.kind === 'accepted',
        `a signed delivery is ${first.kind}${first.kind === 'refused' ? `: ${first.reason}` : ''}`,
      )
      check(
        again.kind === 'accepted' && again.deliveryId === first.deliveryId,
        'the same delivery has another id the second time',
      )
      check(first.deliveryId !== '', 'a delivery has no id, so a second copy of it can not be told')
      const named = first.changed.filter(({ resource }) => resource === bench.resource.name)
      check(
        named.some((one) => one.nativeId === nativeId),
        `the delivery names ${named.map((one) => one.nativeId).join(', ') || 'no record'}, expected is ${nativeId}`,
      )
      return undefined
    },
  },
  {
    name: 'webhook-altered-is-refused',
    proves: 'A delivery whose body was altered, or whose signature is missing, is refused.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { take, delivery } = signed(bench, nativeId)
      const altered = Uint8Array.from(delivery.body)
      const place = Math.floor(altered.length / 2)
      altered[place] = (altered[place] ?? 0) ^ 1
      const other = await take({ ...delivery, body: altered })
      check(other.kind === 'refused', 'a delivery with one bit changed is accepted')
      const longer = await take({ ...delivery, body: Uint8Array.from([...delivery.body, 32]) })
      check(longer.kind === 'refused', 'a delivery with a byte added is accepted')
      const plain = { 'content-type': delivery.headers['content-type'] }
      const bare = await take({ ...delivery, headers: plain })
      check(bare.kind === 'refused', 'a delivery without a signature is accepted')
      return undefined
    },
  },
  {
    name: 'webhook-old-is-refused',
    proves: 'A delivery that was signed a day ago is refused.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { take, delivery } = signed(bench, nativeId)
      const late = await take({ ...delivery, receivedAt: delivery.receivedAt + 86_400_000 })
      check(late.kind === 'refused', 'a delivery of yesterday is accepted')
      return undefined
    },
  },
]
