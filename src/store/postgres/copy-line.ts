/** One row in the text form of COPY. */
import { toText } from './text.ts'

const special = /[\\\t\n\r]/g

export function copyLine(nativeId: string, mac: Uint8Array, version: string | undefined): string {
  const hash = Buffer.from(mac.buffer, mac.byteOffset, mac.byteLength).toString('hex')
  return `${copyText(nativeId)}\t\\\\x${hash}\t${version === undefined ? '\\N' : copyText(version)}\n`
}

function copyText(value: string): string {
  return toText(value).replace(special, (character) => {
    if (character === '\t') return '\\t'
    if (character === '\n') return '\\n'
    return character === '\r' ? '\\r' : '\\\\'
  })
}
