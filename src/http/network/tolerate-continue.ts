/**
 * Lets a client live with `100 Continue` that it did not ask for.
 *
 * RFC 9110 (15.2) has a client take any number of interim responses before the final one, expected or not. undici ends the connection when it
 * meets a 100, and passes over every other 1xx. So the status line is read along here, and a 100 is handed to undici as a 102, which means
 * just as little.
 *
 * *body* (nothing to look for) → *line* (a request left: the next bytes are a status line) → after a 1xx *header* (until its empty line, then
 * *line* again), after any other status *body*.
 */
import type { Socket } from 'node:net'

/** A status line up to its code; `#` is any digit. */
const pattern = 'HTTP/1.# 1##'
const lineFeed = 10
const carriageReturn = 13
const requestLine = /^[A-Z-]{1,20} \S+ HTTP\/1\.1\r\n/

/** Changes what the socket hands out when it is read. Returns the same socket. */
export function tolerateContinue<Wire extends Socket>(socket: Wire): Wire {
  const reader = new InterimReader()
  const { write, read } = socket
  socket.write = ((...given: Parameters<typeof write>) => {
    const [data] = given
    if (typeof data === 'string' && requestLine.test(data)) reader.expectStatus()
    return write.apply(socket, given)
  }) as typeof write
  socket.read = (size?: number) => {
    const chunk: unknown = read.call(socket, size)
    if (reader.isLooking && chunk instanceof Uint8Array) reader.look(chunk)
    return chunk
  }
  return socket
}

/** Follows the bytes of status lines and interim headers, across chunks. */
export class InterimReader {
  #state: 'body' | 'line' | 'header' = 'body'
  /** Place in {@link pattern}. */
  #at = 0
  #code = ''
  #isEmptyLine = false

  get isLooking(): boolean {
    return this.#state !== 'body'
  }

  expectStatus(): void {
    this.#state = 'line'
    this.#at = 0
    this.#code = ''
  }

  /** Reads along, and changes the last digit of a 100. */
  look(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.isLooking; at += 1) {
      const byte = chunk[at] ?? 0
      if (this.#state === 'header') this.#lookAtHeader(byte)
      else if (this.#lookAtLine(byte)) chunk[at] = '2'.charCodeAt(0)
    }
  }

  /** True for the last digit of a 100. */
  #lookAtLine(byte: number): boolean {
    const isStart = this.#at === 0 && (byte === lineFeed || byte === carriageReturn)
    if (isStart) return false
    const expected = pattern[this.#at]
    const found = String.fromCharCode(byte)
    if (expected === '#' ? !/\d/.test(found) : found !== expected) {
      this.#state = 'body'
      return false
    }
    if (this.#at >= 9) this.#code += found
    this.#at += 1
    if (this.#at < pattern.length) return false
    this.#state = 'header'
    this.#isEmptyLine = false
    return this.#code === '100'
  }

  #lookAtHeader(byte: number): void {
    if (byte === lineFeed) {
      if (this.#isEmptyLine) this.expectStatus()
      else this.#isEmptyLine = true
    } else if (byte !== carriageReturn) this.#isEmptyLine = false
  }
}
