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
  ['The account, quotas, the description', accountProbes],
  ['Reads', readProbes],
  ['Lists', listProbes],
  ['Changes', changeProbes],
  ['Creates', createProbes],
  ['Searches', searchProbes],
  ['Updates', updateProbes],
  ['Removals', removeProbes],
  ['Several writes in a call', batchProbes],
  ['What a response is about', responseProbes],
  ['A server that lies or falls over', failureProbes],
  ['Webhooks', webhookProbes],
] as const

/** `docs/reference/probes.md` */
export function probesPage(): string {
  const shown = areas.reduce((sum, [, probes]) => sum + probes.length, 0)
  if (shown !== connectorProbes.length) throw new Error('a group of probes is not on the page')
  return [
    '# What is proved of a connector',
    '',
    `The ${connectorProbes.length} sentences that the conformance suite and \`isthmus certify\` try. *looks* only reads; *makes* creates, changes and removes records of its own, which`,
    'needs `--write`. How to run them: [certify a system](../how-to/certify-a-system.md), [write a connector](../how-to/write-a-connector.md).',
    ...areas.flatMap(([title, probes]) => [
      '',
      `## ${title}`,
      '',
      '| probe | what it proves | |',
      '|---|---|---|',
      ...probes.map(
        ({ name, proves, touches }) =>
          `| \`${name}\` | ${proves} | ${touches === 'nothing' ? 'looks' : 'makes'} |`,
      ),
    ]),
    '',
  ].join('\n')
}
