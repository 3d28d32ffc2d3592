/** The reference page of the connector probes, made from the probes themselves. */

import { accountProbes } from '../../src/connectors/kit/conformance/probes/account.ts'
import { batchProbes } from '../../src/connectors/kit/conformance/probes/batches.ts'
import { changeProbes } from '../../src/connectors/kit/conformance/probes/changes.ts'
import { createProbes } from '../../src/connectors/kit/conformance/probes/creates.ts'
import { failureProbes } from '../../src/connectors/kit/conformance/probes/failures.ts'
import { listProbes } from '../../src/connectors/kit/conformance/probes/lists.ts'
import { readProbes } from '../../src/connectors/kit/conformance/probes/reads.ts'
import { removeProbes } from '../../src/connectors/kit/conformance/probes/removes.ts'
import { responseProbes } from '../../src/connectors/kit/conformance/probes/responses.ts'
import { searchProbes } from '../../src/connectors/kit/conformance/probes/searches.ts'
import { updateProbes } from '../../src/connectors/kit/conformance/probes/updates.ts'
import { webhookProbes } from '../../src/connectors/kit/conformance/probes/webhooks.ts'
import { connectorProbes } from '../../src/connectors/kit/conformance/probes.ts'

const areas = [
  ['Account, quotas and description', accountProbes],
  ['Reads', readProbes],
  ['Lists', listProbes],
  ['Changes', changeProbes],
  ['Creates', createProbes],
  ['Searches', searchProbes],
  ['Updates', updateProbes],
  ['Removals', removeProbes],
  ['Several writes in a call', batchProbes],
  ['Identity of responses', responseProbes],
  ['A server that misbehaves or fails', failureProbes],
  ['Webhooks', webhookProbes],
] as const

/** `docs/reference/probes.md` */
export function probesPage(): string {
  const shown = areas.reduce((sum, [, probes]) => sum + probes.length, 0)
  if (shown !== connectorProbes.length) throw new Error('a group of probes is not on the page')
  return [
    '# Probes of a connector',
    '',
    `The ${connectorProbes.length} probes that the conformance suite and \`isthmus certify\` run. *read-only* probes only read; *writes* probes create, change and remove test records, which`,
    'requires `--write`. To run them, see [certify a system](../how-to/certify-a-system.md) and [write a connector](../how-to/write-a-connector.md).',
    ...areas.flatMap(([title, probes]) => [
      '',
      `## ${title}`,
      '',
      '| probe | what it verifies | |',
      '|---|---|---|',
      ...probes.map(
        ({ name, proves, touches }) =>
          `| \`${name}\` | ${proves} | ${touches === 'nothing' ? 'read-only' : 'writes'} |`,
      ),
    ]),
    '',
  ].join('\n')
}
