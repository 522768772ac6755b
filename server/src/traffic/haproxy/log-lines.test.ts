import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineReader, type LogLine } from './log-lines.ts'

const read = (text: string, reader = new LineReader()): LogLine[] => {
  const bytes = Buffer.from(text, 'latin1')
  const lines: LogLine[] = []
  reader.read(bytes, bytes.length, (line) => lines.push(line))
  return lines
}

const duration = fc.integer({ min: -1, max: 2_000_000 })
const request = fc.record({
  backend: fc.constantFrom('p:web:0', 'p:web:0:ws', 'q:api:tcp-db', 'nowhere', 'challenge'),
  server: fc.constantFrom('a:1', 'b:2', 'c', '<NOSRV>'),
  status: fc.integer({ min: -1, max: 599 }),
  times: fc.tuple(duration, duration, duration, duration),
  ending: fc.constantFrom('--', 'SC', 'CD', 'KH', 'sQ'),
  endedAt: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
  sending: duration,
  rest: fc.string().map((text) => text.replaceAll('\n', ' ')),
})

describe("lines of HAProxy's log", () => {
  test('are read word by word, whatever follows them', () => {
    fc.assert(
      fc.property(fc.array(request), (requests) => {
        const text = requests.map(
          ({ backend, server, status, times, ending, endedAt, sending, rest }) =>
            `R ${backend} ${server} ${status} ${times.join(' ')} ${ending} ${endedAt} ${sending} 100 ${rest}\n`,
        )
        const expected = requests.map(({ backend, server, status, times, ending, endedAt, sending }) => {
          const [project, service, route] = backend.split(':')
          const [wait, connect, answer, active] = times.map((ms) => Math.max(0, ms))
          return {
            key: route === undefined ? undefined : `${project}/${service}`,
            server: server === '<NOSRV>' ? undefined : server,
            status,
            latencyMs: wait! + connect! + answer!,
            startedAt: endedAt - active!,
            answeredAt: endedAt - Math.max(0, sending),
            ending,
          }
        })
        expect(read(text.join(''))).toEqual(expected)
      }),
    )
  })

  test('that tell of no request, are cut short or garbled are passed over, and the next is read', () => {
    const good = 'R p:web:0 a:1 200 0 1 5 6 -- 1764000000000 0 100 - - - - -\n'
    const bad = [
      'Proxy public started.\n',
      '\n',
      'R \n',
      'R p:web:0\n',
      'R p:web:0 a:1 200 0 1 5\n',
      'R p:web:0 a:1 200 0 1 5 6 -- \n',
      'R p:web:0 a:1 200 0 x 5 6 -- 1764000000000 0 100 - - - - -\n',
      '\0\0\0\0\n',
    ]
    for (const line of bad) expect(read(`${good}${line}${good}`)).toHaveLength(2)
  })

  test('name more servers than are remembered', () => {
    const reader = new LineReader()
    const names = Array.from({ length: 25_000 }, (_, index) => `s${index}`)
    const text = names.map((name) => `R p:web:0 ${name} 200 0 1 5 6 -- 1764000000000 0 100 -\n`).join('')
    for (const round of [1, 2])
      expect(
        read(text, reader).map(({ server }) => server),
        `round ${round}`,
      ).toEqual(names)
  })
})
