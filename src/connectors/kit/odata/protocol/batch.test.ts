import { describe, expect, test } from 'vitest'
import { multipartResponses, writesBatch } from './batch.ts'

const crlf = (lines: readonly string[]): string => lines.join('\r\n')

describe('a multipart batch', () => {
  test('puts each write into a change set of its own, with its length in bytes', () => {
    const write = (name: string) => [
      { method: 'POST' as const, path: 'A', headers: { accept: 'application/json' }, body: { name } },
    ]
    const { body, contentType } = writesBatch([write('Müller'), write('b')], 'multipart')
    expect(contentType).toMatch(/^multipart\/mixed; boundary=batch_/)
    expect(body.match(/boundary=changeset_/g)).toHaveLength(2)
    expect(body).toContain(`Content-Length: ${Buffer.byteLength('{"name":"Müller"}')}`)
  })

  test('lets no version start another header', () => {
    const headers = { 'if-match': 'W/"1"\r\nx-evil: 1' }
    const { body } = writesBatch([[{ method: 'DELETE', path: 'A(1)', headers }]], 'multipart')
    expect(body).not.toMatch(/^x-evil/m)
  })

  test('is answered part by part: a change set, a failed one, a read', () => {
    const text = crlf([
      '--b',
      'Content-Type: multipart/mixed; boundary="c"',
      '',
      '--c',
      'Content-Type: application/http',
      '',
      'HTTP/1.1 201 Created',
      'ETag: W/"1"',
      'Content-Type: application/json',
      '',
      '{"d":{}}',
      '--c--',
      '',
      '--b',
      'Content-Type: application/http',
      '',
      'HTTP/1.1 400 Bad Request',
      '',
      '{"error":{}}',
      '--b',
      'Content-Type: application/http',
      '',
      'HTTP/1.1 204 No Content',
      '',
      '',
      '--b--',
      '',
    ])
    const responses = multipartResponses('multipart/mixed; boundary=b', text)
    expect(responses.map((group) => group.map(({ status, body }) => [status, body]))).toEqual([
      [[201, '{"d":{}}']],
      [[400, '{"error":{}}']],
      [[204, '']],
    ])
    expect(responses[0]?.[0]?.headers.etag).toBe('W/"1"')
  })

  test('that breaks off has no response for the part that may be cut', () => {
    const text = crlf(['--b', 'Content-Type: application/http', '', 'HTTP/1.1 200 OK', '', '{"d":', ''])
    expect(multipartResponses('multipart/mixed; boundary=b', text)).toEqual([])
    expect(multipartResponses('multipart/mixed', text)).toEqual([])
  })
})
