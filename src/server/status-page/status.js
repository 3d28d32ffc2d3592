/** The status page: renders the event stream. Text is only ever inserted as text. */

const byId = (id) => document.getElementById(id)
const linesMax = 100
const lines = new Map()
let lastHeard = 0

function element(name, text, className) {
  const node = document.createElement(name)
  if (text !== undefined) node.textContent = text
  if (className) node.className = className
  return node
}

const count = (value) => Number(value ?? 0).toLocaleString()

function ago(at, now) {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`
  return `${Math.round(seconds / 3600)} h ago`
}

function time(at, now) {
  const node = element('time', now === undefined ? new Date(at).toLocaleTimeString() : ago(at, now))
  node.dateTime = new Date(at).toISOString()
  node.title = new Date(at).toLocaleString()
  return node
}

function ahead(at, now) {
  const seconds = Math.round((at - now) / 1000)
  if (seconds <= 0) return 'now'
  if (seconds < 60) return `in ${seconds} s`
  if (seconds < 3600) return `in ${Math.round(seconds / 60)} min`
  return `in ${Math.round(seconds / 3600)} h`
}

/** Labels of the kinds of open rows; an unknown kind is shown by its name. Writes in doubt wait for the engine, not for a person. */
const openWords = { matches: 'matches to decide', holds: 'held', intents: 'open writes' }

function drawCounts(counts) {
  const rows = [
    ['records', counts.records.active],
    ['being matched', counts.records.candidate],
    ['due', counts.queue.due],
    ['in hand', counts.queue.running],
    ['waiting', counts.queue.waiting],
    ['workers', counts.workers],
    ...Object.entries(counts.open).map(([kind, size]) => [openWords[kind] ?? kind, size, kind !== 'intents']),
  ]
  byId('counts').replaceChildren(
    ...rows.map(([label, value, needsPerson]) => {
      const group = element('div')
      group.append(
        element('dt', label),
        element('dd', count(value), needsPerson && value > 0 ? 'needs' : undefined),
      )
      return group
    }),
  )
}

function drawReason(reason, now) {
  const item = element('li', undefined, reason.state)
  const place = reason.system ? `${reason.entity ? `${reason.entity} in ` : ''}${reason.system}: ` : ''
  const text = element('span', `${place}${reason.message}`, 'message')
  if (reason.since !== undefined) text.append(' (since ', time(reason.since, now), ')')
  item.append(element('span', reason.state, 'kind'), text)
  if (reason.action) item.append(element('span', reason.action, 'action'))
  return item
}

function drawReasons(status) {
  const told = status.reasons.filter(({ code }) => code !== 'moving')
  byId('reasons').replaceChildren(...told.map((reason) => drawReason(reason, status.counts.now)))
}

function describeRun(run, now) {
  const cell = element('td')
  if (!run) {
    cell.textContent = 'none yet'
    return cell
  }
  if (run.finishedAt === undefined) {
    cell.textContent = `running, ${count(run.seen)}${run.expected === undefined ? '' : ` of ${count(run.expected)}`} listed`
    return cell
  }
  cell.append(
    time(run.finishedAt, now),
    ` · ${count(run.seen)} listed, ${run.complete ? 'complete' : `incomplete: ${run.reason ?? 'no reason given'}`}`,
  )
  return cell
}

function timeCell(at, now, empty) {
  const cell = element('td')
  if (at === undefined) cell.textContent = empty
  else cell.append(time(at, now))
  return cell
}

function nextCell(place, now) {
  const text = place.nextTryAt === undefined ? '' : ahead(place.nextTryAt, now)
  const paused = place.pausedUntil === undefined ? '' : `no call before ${ahead(place.pausedUntil, now)}`
  return element('td', [text, paused].filter((part) => part !== '').join(', '))
}

function backlogCell({ backlog }, now) {
  const cell = element('td', count(backlog.count))
  if (backlog.count > 0 && backlog.since !== undefined) cell.append(', oldest ', time(backlog.since, now))
  return cell
}

function drawPlace(place, counts) {
  const row = element('tr')
  const known = counts.systems.find(
    ({ system, entity }) => system === place.system && entity === place.entity,
  )
  const closed = Object.entries(known?.lanes ?? {}).filter(([lane, size]) => lane !== 'open' && size > 0)
  const name = element('th', place.system)
  name.scope = 'row'
  const entity = element('td', place.entity)
  for (const note of place.notes) entity.append(element('p', note, 'note'))
  row.append(
    name,
    entity,
    element('td', place.state, `state ${place.state}`),
    element('td', count(place.linked), 'number'),
    timeCell(place.lastHeardAt, counts.now, 'never'),
    nextCell(place, counts.now),
    backlogCell(place, counts.now),
    element(
      'td',
      closed.length === 0 ? 'all open' : closed.map(([lane, size]) => `${count(size)} ${lane}`).join(', '),
    ),
    describeRun(known?.lastRun, counts.now),
  )
  return row
}

function drawSystems({ places, counts }) {
  byId('systems').replaceChildren(...places.map((place) => drawPlace(place, counts)))
  byId('systems-empty').hidden = places.length > 0
}

function drawStatus(status) {
  byId('integration').textContent = `· ${status.integration}`
  const well = status.state === 'agreed' || status.state === 'working'
  document.title = `${well ? '' : '● '}${status.integration} – Isthmus`
  const summary = byId('summary')
  summary.textContent = status.summary
  summary.dataset.state = status.state
  byId('knowledge').hidden = true
  drawReasons(status)
  drawCounts(status.counts)
  drawSystems(status)
}

/** The displayed state may be outdated: the page must not continue to report agreement. */
function nothingKnown(why) {
  const summary = byId('summary')
  if (summary.dataset.state !== 'unknown') {
    byId('knowledge').textContent = `Before that: ${summary.textContent}`
    byId('knowledge').hidden = false
  }
  summary.dataset.state = 'unknown'
  summary.textContent = why
  byId('reasons').replaceChildren()
  if (!document.title.startsWith('● ')) document.title = `● ${document.title}`
}

function drawDecisions(rows) {
  for (const row of rows) lines.set(row.seq, row)
  const newest = [...lines.values()].sort((a, b) => b.seq - a.seq).slice(0, linesMax)
  lines.clear()
  for (const row of newest) lines.set(row.seq, row)
  byId('decisions').replaceChildren(
    ...newest.map((row) => {
      const item = element('li')
      const text = element('span', row.text, 'text')
      if (row.recordId) text.append(' ', element('code', row.recordId.slice(0, 13)))
      item.append(time(row.at), element('span', row.kind, 'kind'), text)
      return item
    }),
  )
  byId('decisions-empty').hidden = newest.length > 0
}

function heard() {
  lastHeard = Date.now()
  byId('connection').textContent = 'live'
}

const events = new EventSource('/api/v1/events')
events.addEventListener('status', (event) => {
  heard()
  drawStatus(JSON.parse(event.data))
})
events.addEventListener('decisions', (event) => drawDecisions(JSON.parse(event.data)))
events.addEventListener('trouble', (event) => {
  lastHeard = Date.now()
  const { title, detail, fix, code } = JSON.parse(event.data)
  byId('connection').textContent = 'live, but without the database'
  nothingKnown(`${title}: ${detail}. ${fix} (${code})`)
})
setInterval(() => {
  const silent = Date.now() - lastHeard
  if (lastHeard === 0 || silent <= 4000) return
  byId('connection').textContent = `no news for ${Math.round(silent / 1000)} s, reconnecting …`
  if (silent > 10_000) nothingKnown('This page has lost its connection to Isthmus: nothing can be said.')
}, 1000)
