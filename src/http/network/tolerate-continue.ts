/**
 * Makes a client tolerate a `100 Continue` that it did not request.
 *
 * RFC 9110 (15.2) requires clients to accept any number of interim responses before the final one, expected
 * or not. undici ends the connection on a 100, and ignores every other 1xx. The status line is therefore read
 * here, and a 100 is passed to undici as a 102, which it ignores.
 *
 * *body* (nothing to look for) → *line* (a request was sent: the next bytes are a status line) → after a 1xx
 * *header* (until its empty line, then *line* again), after any other status *body*.
 */
import type { Socket } from 'node:net'

/** A status line up to its code; `#` is any digit. */
const pattern = 'HTTP/1.# 1##'
const lineFeed = 10
const carriageReturn = 13
const requestLine = /^[A-Z-]{1,20} \S+ HTTP\/1\.1\r\n/

/** Changes the data that is read from the socket. Returns the same socket. */
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
    if (reader.isLooking && chunk instanceof Uint8Array) reader.scan(chunk)
    return chunk
  }
  return socket
}

/** Parses status lines and interim headers, across chunks. */
export class InterimReader {
  #state: 'body' | 'line' | 'header' = 'body'
  /** Position in {@link pattern}. */
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

  /** Parses the bytes, and changes the last digit of a 100. */
  scan(chunk: Uint8Array): void {
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
