/**
 * Sends the writes of one turn of the event loop in one system call: several statements of a batch cost the
 * same as one.
 */
import { Socket } from 'node:net'

type Written = (error?: Error | null) => void

export class GatheringSocket extends Socket {
  #gathering = false

  override write(
    ...parameters:
      | [chunk: string | Uint8Array, written?: Written | undefined]
      | [chunk: string | Uint8Array, encoding?: BufferEncoding | undefined, written?: Written | undefined]
  ): boolean {
    if (!this.#gathering) {
      this.#gathering = true
      this.cork()
      process.nextTick(() => {
        this.#gathering = false
        this.uncork()
      })
    }
    return Reflect.apply(super.write, this, parameters)
  }
}
