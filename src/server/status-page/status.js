/** The status page: draws what the event stream says. Text only ever enters the page as text. */

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

function drawCounts(counts) {
  const rows = [
    ['records', counts.records.active],
    ['being matched', counts.records.candidate],
    ['due', counts.queue.due],
    ['in hand', counts.queue.running],
    ['waiting', counts.queue.waiting],
    ['workers', counts.workers],
    ['conflicts', counts.open.conflicts, true],
    ['matches to decide', counts.open.matches, true],
    ['held', counts.open.holds, true],
    ['failures', counts.open.failures, true],
    ['open writes', counts.open.intents],
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

function drawSystems(counts) {
  byId('systems').replaceChildren(
    ...counts.systems.map((system) => {
      const row = element('tr')
      const closed = Object.entries(system.lanes).filter(([lane, size]) => lane !== 'open' && size > 0)
      const name = element('th', system.system)
      name.scope = 'row'
      row.append(
        name,
        element('td', system.entity),
        element('td', count(system.linked), 'number'),
        element(
          'td',
          closed.length === 0
            ? 'all open'
            : closed.map(([lane, size]) => `${count(size)} ${lane}`).join(', '),
        ),
        describeRun(system.lastRun, counts.now),
      )
      return row
    }),
  )
  byId('systems-empty').hidden = counts.systems.length > 0
}

function drawStatus(status) {
  byId('integration').textContent = `· ${status.integration}`
  document.title = `${status.state === 'attention' ? '● ' : ''}${status.integration} – Isthmus`
  const summary = byId('summary')
  summary.textContent = status.summary
  summary.dataset.state = status.state
  drawCounts(status.counts)
  drawSystems(status.counts)
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
  byId('connection').textContent = JSON.parse(event.data).detail
})
setInterval(() => {
  const silent = Date.now() - lastHeard
  if (lastHeard > 0 && silent > 4000)
    byId('connection').textContent = `no news for ${Math.round(silent / 1000)} s, reconnecting …`
}, 1000)
