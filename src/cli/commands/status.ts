/** `isthmus status`: is everything in agreement, and what needs a person. */
import type { Command } from 'commander'
import { type StatusResource, toStatusResource } from '../../api/status.ts'
import { forecastQueue, type QueueForecast } from '../../runtime/quota/queue-forecast.ts'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, table } from '../output.ts'

function draw(
  status: StatusResource,
  bold: (text: string) => string,
  forecast: QueueForecast | undefined,
): string {
  const { counts } = status
  const queue = `queue: ${counts.queue.due} due, ${counts.queue.running} in hand, ${counts.queue.waiting} waiting; ${counts.workers} worker(s)`
  const needs = `needs a person: ${counts.open.conflicts} conflicts, ${counts.open.matches} matches, ${counts.open.holds} held, ${counts.open.failures} failures`
  const systems = table(
    counts.systems,
    [
      { title: 'system', value: (row) => row.system },
      { title: 'entity', value: (row) => row.entity },
      { title: 'linked', value: (row) => String(row.linked), align: 'right' },
      {
        title: 'lanes',
        value: (row) =>
          Object.entries(row.lanes)
            .map(([lane, size]) => `${size} ${lane}`)
            .join(', '),
      },
      {
        title: 'last full run',
        value: ({ lastRun: run }) => {
          if (run === undefined) return 'none yet'
          if (run.finishedAt === undefined) return `running, ${run.seen} listed`
          return `${ago(run.finishedAt, counts.now)}, ${run.seen} listed${run.complete === true ? '' : `, incomplete: ${run.reason ?? 'no reason given'}`}`
        },
      },
    ],
    'no record has been seen yet',
  )
  const head = bold(`${status.integration}: ${status.summary}`)
  const time =
    forecast === undefined
      ? []
      : [
          `at the limits of ${forecast.system} (${forecast.bound ?? ''}) the queue takes at least ${forecast.duration}`,
        ]
  return [head, queue, ...time, needs, '', systems].join('\n')
}

export function addStatusCommand(program: Command, run: Run): void {
  program
    .command('status')
    .description('is everything in agreement, and what needs a person')
    .action(run(status))
}

/** Exit code 2 when something needs a person. */
export async function status(context: CliContext): Promise<number> {
  return await withIntegration(context, async ({ integration, store }) => {
    const resource = toStatusResource(integration, await store.admin.status())
    const { due, waiting, running } = resource.counts.queue
    const forecast = forecastQueue(integration, due + waiting + running, resource.counts.now)
    const result = { ...resource, ...(forecast === undefined ? {} : { forecast }) }
    context.output.result(result, () => draw(resource, context.output.style.bold, forecast))
    return resource.state === 'attention' ? exitCodes.needsDecision : exitCodes.fine
  })
}
