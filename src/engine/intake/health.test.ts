import { expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import { createNextCron } from '../../runtime/cron.ts'
import type { PlaceNote } from '../../store/health-contract.ts'
import { createScheduler } from '../schedule/scheduler.ts'
import { createHealthNotes } from './health.ts'
import { createRuns } from './runs.ts'

function world(): MemoryWorld {
  const integration = memoryIntegration({
    systems: ['crm', 'erp'],
    part: (part) =>
      part.system === 'crm'
        ? {
            ...part,
            triggers: [
              { kind: 'poll', everyMs: 5_000 },
              { kind: 'full', cron: '0 3 * * 0' },
            ],
          }
        : part,
  })
  return new MemoryWorld(integration, [new MemorySystem('crm'), new MemorySystem('erp')])
}

test('a poll costs one note, which says that the place was read and when it is read next', async () => {
  const memory = world()
  const notes: PlaceNote[] = []
  const { notePlace } = memory.store
  memory.store.notePlace = (note) => {
    if (note.system === 'crm') notes.push(note)
    return notePlace.call(memory.store, note)
  }
  const health = createHealthNotes(memory.context)
  const scheduler = createScheduler(memory.context, {
    runs: createRuns(memory.context, health),
    nextCron: createNextCron(),
    health,
  })
  const ending = new AbortController()
  const running = scheduler.run(ending.signal)
  await memory.pass(30_000)
  notes.length = 0
  const polls = memory.heard('PollFinished').length
  await memory.pass(60_000)
  expect(notes).toHaveLength(memory.heard('PollFinished').length - polls)
  for (const note of notes) expect(note).toMatchObject({ read: {}, nextAt: expect.any(Number) })
  ending.abort()
  await memory.finish(running)
})
