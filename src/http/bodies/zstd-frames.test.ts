import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'

const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
/** A frame that decoders pass over (RFC 8878, 3.1.2). */
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
const plain = [
  Buffer.from('{"a":1}\n'),
  Buffer.alloc(0),
  // Blocks of compressed, of repeated and of random bytes.
  Buffer.concat([Buffer.from('text '.repeat(40_000)), Buffer.alloc(300_000, 'x'), randomBytes(200_000)]),
  Buffer.from('the end'),
]
const body = Buffer.concat([
  zstdCompressSync(plain[0] ?? ''),
  skippable,
  ...plain.slice(1).map((part, at) => zstdCompressSync(part, at % 2 === 0 ? checked : {})),
])

/** The body as it is read by the stream, sent in parts of the given size. */
async function readStreamed(bytes: Buffer, size: number): Promise<Buffer> {
  await using server = await startServer(async (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'zstd' })
    for (let at = 0; at < bytes.length; at += size) {
      response.write(bytes.subarray(at, at + size))
      if (size > 100) await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  })
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, retry: { retries: 0 } })
  try {
    const parts: Uint8Array[] = []
    for await (const part of (await client.stream('/')).data) parts.push(part)
    return Buffer.concat(parts)
  } finally {
    await client.close()
  }
}

test.each([1_000, 65_536, body.length])(
  'every frame of a streamed zstd body is read, in parts of %d',
  async (size) => {
    expect((await readStreamed(body, size)).equals(Buffer.concat(plain))).toBe(true)
  },
)

test('frames of a few bytes are read whatever the parts are', async () => {
  const words = ['one ', 'two ', '', 'three']
  const frames = Buffer.concat(words.map((word) => zstdCompressSync(word, checked)))
  for (const size of [1, 2, 3, 5, 7, 11])
    expect((await readStreamed(frames, size)).toString()).toBe(words.join(''))
})

test('a frame that is cut off, and what is no frame, is damage', async () => {
  const damaged = { code: 'HTTP_RESPONSE_DAMAGED' }
  await expect(readStreamed(body.subarray(0, -3), 65_536)).rejects.toMatchObject(damaged)
  await expect(readStreamed(Buffer.concat([body, Buffer.from('rubbish')]), 65_536)).rejects.toMatchObject(
    damaged,
  )
})

test('very many empty frames are refused', async () => {
  const frames = Buffer.concat(Array.from({ length: 2_000 }, () => zstdCompressSync('')))
  await expect(readStreamed(frames, 65_536)).rejects.toMatchObject({ code: 'HTTP_RESPONSE_DAMAGED' })
})
