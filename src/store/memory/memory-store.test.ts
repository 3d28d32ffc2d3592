import { describeStore } from '../../../test/conformance/store.ts'
import { createClearCodec } from '../clear-codec.ts'
import { MemoryStore } from './memory-store.ts'

describeStore('memory', async ({ format } = {}) => {
  let time = 1_700_000_000_000
  let ids = 0
  const uuid = () => {
    ids += 1
    return `00000000-0000-7000-8000-${String(ids).padStart(12, '0')}`
  }
  const store = new MemoryStore({
    now: () => time,
    uuid,
    codec: createClearCodec(Buffer.from('test key of the store')),
    ...(format === undefined ? {} : { format }),
  })
  await store.bind({ id: 'test', version: 'v1', document: {} })
  return {
    store,
    other: store,
    uuid,
    advance: async (ms) => {
      time += ms
    },
    kill: async ({ id }) => store.killWorker(id),
    tamper: async (seq) => store.tamperJournal(seq),
    spoil: async (recordId, system) => {
      const undo = store.spoilFields(recordId, system)
      return async () => undo()
    },
    close: () => store.close(),
  }
})
