/** Entries of a tar archive, each written and read as a whole. The headers are those of the `tar` package. */
import { Header } from 'tar'
import { IsthmusError } from '../../model/errors.ts'

/** A file of the archive. */
export interface TarEntry {
  readonly name: string
  readonly bytes: Uint8Array
}

const blockBytes = 512
/** Parts of tables have about 4 MiB; a larger entry was not written by us. */
const entryBytesMax = 67_108_864

/** Returns the blocks of an entry. Names have at most 100 bytes. */
export function encodeTarEntry({ name, bytes }: TarEntry): Buffer {
  const header = new Header({ path: name, size: bytes.length, mode: 0o600, type: 'File', mtime: new Date(0) })
  header.encode()
  const head = header.block ?? Buffer.alloc(blockBytes)
  return Buffer.concat([head, bytes, Buffer.alloc(padding(bytes.length))])
}

/** Ends an archive. */
export function encodeTarEnd(): Buffer {
  return Buffer.alloc(2 * blockBytes)
}

/** Reads an archive entry by entry. @throws IsthmusError BACKUP_INVALID */
export async function* readTarEntries(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const input = new ByteReader(chunks)
  try {
    for (;;) {
      const header = new Header(await input.take(blockBytes))
      if (header.nullBlock) return
      const { path = '', size = 0 } = header
      if (!header.cksumValid || size > entryBytesMax) throw damaged()
      const bytes = await input.take(size)
      await input.take(padding(size))
      yield { name: path, bytes }
    }
  } finally {
    await input.close()
  }
}

class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async take(size: number): Promise<Buffer> {
    const parts = [this.#rest]
    let length = this.#rest.length
    while (length < size) {
      const next = await this.#chunks.next()
      if (next.done === true) throw damaged()
      parts.push(next.value)
      length += next.value.length
    }
    const bytes = Buffer.concat(parts, length)
    this.#rest = bytes.subarray(size)
    return bytes.subarray(0, size)
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes
}

function damaged(): IsthmusError {
  return new IsthmusError('BACKUP_INVALID', 'the archive ends early, or is not one')
}
