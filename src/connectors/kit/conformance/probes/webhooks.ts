/** Probes of webhooks: who did not sign it is not heard, and what is heard names the right records. */
import type { ConnectedSystem, WebhookDelivery, WebhookVerdict } from '../../contract.ts'
import type { ProbeBench } from '../bench.ts'
import { hold, type Probe, unproved } from '../probe.ts'

type Take = (delivery: WebhookDelivery) => Promise<WebhookVerdict>

/** @throws IsthmusError CONNECTOR_PROBE_UNPROVED without a signed delivery */
function signed(bench: ProbeBench, rid: string, deleted = false): { take: Take; delivery: WebhookDelivery } {
  const { webhook }: ConnectedSystem = bench.system
  const make = bench.counterpart?.delivery
  if (webhook === undefined) unproved('the system is bound without webhooks')
  if (make === undefined) unproved('nobody can sign a delivery as the system does')
  const change = { resource: bench.resource.name, rid, ...(deleted ? { deleted } : {}) }
  return { take: webhook.bind(bench.system), delivery: make.call(bench.counterpart, change) }
}

export const webhookProbes: readonly Probe[] = [
  {
    name: 'webhook-names-the-record',
    proves: 'A signed delivery is accepted and names the record, the same way each time it comes.',
    touches: 'records',
    async run(bench) {
      const { rid } = await bench.insert()
      const { take, delivery } = signed(bench, rid)
      const [first, again] = [await take(delivery), await take(delivery)]
      hold(
        first.kind === 'accepted',
        `a signed delivery is ${first.kind}${first.kind === 'refused' ? `: ${first.reason}` : ''}`,
      )
      hold(
        again.kind === 'accepted' && again.deliveryId === first.deliveryId,
        'the same delivery has another id the second time',
      )
      hold(first.deliveryId !== '', 'a delivery has no id, so a second copy of it can not be told')
      const named = first.changed.filter(({ resource }) => resource === bench.resource.name)
      hold(
        named.some((one) => one.rid === rid),
        `the delivery names ${named.map((one) => one.rid).join(', ') || 'no record'}, expected is ${rid}`,
      )
      return undefined
    },
  },
  {
    name: 'webhook-altered-is-refused',
    proves: 'A delivery whose body was altered, or whose signature is missing, is refused.',
    touches: 'records',
    async run(bench) {
      const { rid } = await bench.insert()
      const { take, delivery } = signed(bench, rid)
      const altered = Uint8Array.from(delivery.body)
      const place = Math.floor(altered.length / 2)
      altered[place] = (altered[place] ?? 0) ^ 1
      const other = await take({ ...delivery, body: altered })
      hold(other.kind === 'refused', 'a delivery with one bit changed is accepted')
      const longer = await take({ ...delivery, body: Uint8Array.from([...delivery.body, 32]) })
      hold(longer.kind === 'refused', 'a delivery with a byte added is accepted')
      const plain = { 'content-type': delivery.headers['content-type'] }
      const bare = await take({ ...delivery, headers: plain })
      hold(bare.kind === 'refused', 'a delivery without a signature is accepted')
      return undefined
    },
  },
  {
    name: 'webhook-old-is-refused',
    proves: 'A delivery that was signed a day ago is refused.',
    touches: 'records',
    async run(bench) {
      const { rid } = await bench.insert()
      const { take, delivery } = signed(bench, rid)
      const late = await take({ ...delivery, receivedAt: delivery.receivedAt + 86_400_000 })
      hold(late.kind === 'refused', 'a delivery of yesterday is accepted')
      return undefined
    },
  },
]
