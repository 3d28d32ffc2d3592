/** `isthmus status`: show whether everything is in agreement, and what is not. */
import type { Command } from 'commander'
import type { PlaceResource, StatusResource } from '../../api/status.ts'
import type { HealthReason, HealthState } from '../../model/health/contract.ts'
import { counted, openCount } from '../../model/health/words.ts'
import { forecastQueue, type QueueForecast } from '../../runtime/quota/queue-forecast.ts'
import { createStatusReader } from '../../runtime/status/status-reader.ts'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { ago, ahead, type Style, table } from '../output.ts'
import { wrap } from '../wrap.ts'

interface Paper {
  readonly style: Style
  readonly width: number
}

function draw(status: StatusResource, forecast: QueueForecast | undefined, paper: Paper): string {
  const { counts } = status
  const { style } = paper
  const about = counts.queue.estimated === true ? 'about ' : ''
  const queue = `queue: ${about}${counts.queue.due} due, ${counts.queue.running} running, ${counts.queue.waiting} waiting; ${counted(counts.workers, 'worker')}`
  const open = Object.entries(counts.open).map(([kind, count]) => openCount(kind, count))
  const time =
    forecast === undefined
      ? []
      : [
          `at the limits of ${forecast.system} (${forecast.bound ?? ''}) the queue takes at least ${forecast.duration}`,
        ]
  const general = status.reasons.filter(({ system }) => system === undefined)
  return [
    style.bold(`${status.integration}: ${status.summary}`),
    `state: ${colourOf(status.state, style)(status.state)}`,
    queue,
    ...time,
    `open: ${open.join(', ')}`,
    `audit trail: rows ${status.protection.rows}, end ${status.protection.end}`,
    ...section(
      'problem',
      general.flatMap((reason) => drawReason(reason, counts.now, paper)),
    ),
    '',
    drawPlaces(status),
    ...status.places.flatMap((place) => drawPlace(place, counts.now, paper)),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines]
}

function colourOf(state: HealthState, style: Style): (text: string) => string {
  if (state === 'agreed') return style.good
  return state === 'attention' ? style.bad : style.alert
}

function drawPlaces({ places, counts }: StatusResource): string {
  const { now } = counts
  const lanesOf = ({ system, entity }: PlaceResource): string => {
    const lanes = counts.systems.find((row) => row.system === system && row.entity === entity)?.lanes ?? {}
    return Object.entries(lanes)
      .map(([lane, size]) => `${size} ${lane}`)
      .join(', ')
  }
  return table(
    places,
    [
      { title: 'system', value: (place) => place.system },
      { title: 'entity', value: (place) => place.entity },
      { title: 'state', value: (place) => place.state },
      { title: 'linked', value: (place) => String(place.linked), align: 'right' },
      { title: 'last heard', value: (place) => agoOr(place.lastHeardAt, now) },
      { title: 'compared', value: (place) => agoOr(place.lastComparedAt, now) },
      {
        title: 'next try',
        value: (place) => (place.nextTryAt === undefined ? '' : ahead(place.nextTryAt, now)),
      },
      { title: 'backlog', value: (place) => backlogOf(place, now) },
      { title: 'lanes', value: lanesOf },
    ],
    'the definition has no entity',
  )
}

function agoOr(at: number | undefined, now: number): string {
  return at === undefined ? 'never' : ago(at, now)
}

function backlogOf({ backlog: { count, since } }: PlaceResource, now: number): string {
  if (count === 0) return '0'
  return since === undefined ? String(count) : `${count}, oldest ${ago(since, now)}`
}

/** The problems of one place, and its notes. */
function drawPlace(place: PlaceResource, now: number, paper: Paper): string[] {
  const { system, entity, reasons, notes, pausedUntil } = place
  const shown = reasons.filter(({ code }) => code !== 'moving')
  const paused =
    pausedUntil === undefined ? [] : [`    no call is sent to ${system} before ${ahead(pausedUntil, now)}`]
  const lines = [
    ...shown.flatMap((reason) => drawReason(reason, now, paper)),
    ...paused,
    ...notes.flatMap((note) => indent(wrap(`note: ${note}`, paper.width - 4), '  ', '    ')),
  ]
  return [...section(`${entity} in ${system}`, lines)]
}

function drawReason(
  { message, since, action, state }: HealthReason,
  now: number,
  { style, width }: Paper,
): string[] {
  const time = since === undefined ? '' : ` (since ${ago(since, now)})`
  const text = wrap(`${state}: ${message}${time}`, width - 4)
  const todo = action === undefined ? [] : wrap(action, width - 8)
  return [...indent(text, '  ', '    '), ...indent(todo, '    → ', '      ').map(style.quiet)]
}

function indent(lines: readonly string[], first: string, others: string): string[] {
  return lines.map((line, index) => `${index === 0 ? first : others}${line}`)
}

/** Adds `isthmus status`. */
export function addStatusCommand(program: Command, run: Run): void {
  program
    .command('status')
    .description('show whether everything is in agreement, and what is not')
    .addHelpText(
      'after',
      `
Exit codes: 0 agreed or working, 2 attention, unwatched or never seen, 3 paused by a person,
1 when the database does not respond or accepts no writes.`,
    )
    .action(run(status))
}

const codes: Readonly<Record<HealthState, ExitCode>> = {
  agreed: exitCodes.fine,
  working: exitCodes.fine,
  attention: exitCodes.needsDecision,
  unwatched: exitCodes.needsDecision,
  'never-seen': exitCodes.needsDecision,
  paused: exitCodes.paused,
}

/** Returns exit code 2 if something needs a decision, 3 if a person has paused the work, and 1 if the database is not reliable. */
export async function status(context: CliContext): Promise<number> {
  return await withIntegration(context, async ({ integration, store }) => {
    const resource = await createStatusReader({ integration, admin: store.admin }).read()
    const { due, waiting, running } = resource.counts.queue
    const forecast = forecastQueue(integration, due + waiting + running, resource.counts.now)
    const result = { ...resource, ...(forecast === undefined ? {} : { forecast }) }
    const { output } = context
    output.result(result, () => draw(resource, forecast, output))
    return resource.database.writable ? codes[resource.state] : exitCodes.failed
  })
}
