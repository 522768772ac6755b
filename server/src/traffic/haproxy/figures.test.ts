import { appendFile, mkdtemp, open, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile } from '@fairway/contract/latency-histogram'
import { afterEach, describe, expect, test } from 'vitest'
import { countLine, type Figures, figuresOf } from './figures.ts'
import { LineReader } from './log-lines.ts'
import { openRequestLog } from './request-log.ts'
import { filesOf } from './settings.ts'

type Request = {
  from: number
  to: number
  status?: number
  ending?: string
  server?: string
  backend?: string
}

/** As HAProxy writes it: from when to when, how it ended. */
const line = ({
  from,
  to,
  status = 200,
  ending = '--',
  server = 'a:1',
  backend = 'p:web:0',
}: Request): string =>
  `R ${backend} ${server} ${status} 0 1 ${to - from} ${to - from} ${ending} ${to} 0 100 127.0.0.1 GET web.test id /`

function count(...requests: Request[]): Figures {
  const figures: Figures = {}
  const bytes = Buffer.from(requests.map((request) => `${line(request)}\n`).join(''))
  new LineReader().read(bytes, bytes.length, (read) => countLine(figures, read))
  return figures
}

describe('counting', () => {
  test('requests are counted for the service and its instances, sockets with them', () => {
    const figures = count(
      { from: 1000, to: 1010 },
      { from: 1000, to: 1020, server: 'b:2' },
      { from: 1000, to: 1900, backend: 'p:web:0:ws', status: 101 },
      { from: 1000, to: 1900, backend: 'nowhere', server: '<NOSRV>', status: 404 },
    )
    expect(Object.keys(figures)).toEqual(['p/web'])
    expect(figures['p/web']).toMatchObject({ requests: 3, failures: 0 })
    expect(figures['p/web']?.servers).toMatchObject({ 'a:1': { requests: 2 }, 'b:2': { requests: 1 } })
  })

  test.each([
    ['the gateway answered 503 for nobody was there', 503, 'SC', 1],
    ['the instance broke off in the middle', 200, 'SD', 1],
    ['it was cut', -1, 'KH', 1],
    ['the instance itself answered 500', 500, '--', 0],
    ['the client left', -1, 'CH', 0],
    ['the client left in the middle', 200, 'CD', 0],
    ['a limit refused it with 429', 429, 'PR', 0],
    ['a WebSocket was cut at its end', 101, 'KD', 0],
  ])('of failures: %s', (_, status, ending, failures) => {
    expect(count({ from: 0, to: 9, status, ending })['p/web']?.failures).toBe(failures)
  })

  test('a gap is the time in which a request waited and none succeeded', () => {
    const gap = (...requests: Request[]) => count(...requests)['p/web']?.longestGapMs
    const first = { from: 1000, to: 1005 }
    expect(gap(first, { from: 5000, to: 5010 })).toBe(10)
    expect(gap(first, { from: 2000, to: 2010, status: 503, ending: 'SC' }, { from: 2900, to: 3000 })).toBe(
      1000,
    )
    // The one that waited longest ends last.
    expect(gap(first, { from: 1950, to: 2000 }, { from: 1100, to: 2001 })).toBe(900)
  })

  test('percentiles are right to a bucket', () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ from: 0, to: i < 98 ? 10 : 1000 }))
    const { latency } = figuresOf(count(...many), 'p/web')
    expect(quantile(latency, 0.5)).toBeGreaterThanOrEqual(10)
    expect(quantile(latency, 0.5)).toBeLessThan(13)
    expect(quantile(latency, 0.99)).toBeGreaterThanOrEqual(1000)
  })
})

describe('the request log', () => {
  const folders: string[] = []
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
  })
  const newFiles = async () => {
    const stateFolder = await mkdtemp(join(tmpdir(), 'fairway-requests-'))
    folders.push(stateFolder)
    return filesOf({ program: 'haproxy', listen: { host: '127.0.0.1', port: 80 }, stateFolder })
  }

  test('each line is counted once, over restarts, half lines and a death before the figures were kept', async () => {
    const files = await newFiles()
    const one = `${line({ from: 1000, to: 1010 })}\n`
    const first = await openRequestLog({ files, keepOld: true })
    await appendFile(files.accessLog, one + one + one.slice(0, 20))
    await first.keep()
    await appendFile(files.accessLog, one.slice(20))
    await first.catchUp()
    expect(first.figures['p/web']?.requests).toBe(3)

    // The first one died here: what it did not keep is read again.
    const second = await openRequestLog({ files, keepOld: true })
    await second.catchUp()
    expect(second.figures['p/web']?.requests).toBe(3)
    await first.close()
    await second.close()
  })

  test('a file that grew large is turned over under a writer that does not append, and counting goes on', async () => {
    const files = await newFiles()
    const one = `${line({ from: 1000, to: 1010 })}\n`
    const log = await openRequestLog({ files, keepOld: true, largestBytes: 1_000 })
    const writer = await open(files.accessLog, 'r+')
    await writer.write(one.repeat(20))
    await log.keep()
    expect((await stat(files.accessLog)).size).toBe(0)
    expect(await readFile(`${files.accessLog}.1`, 'utf8')).toBe(one.repeat(20))

    await writer.write(one.repeat(30))
    await log.keep()
    expect(log.figures['p/web']?.requests).toBe(50)
    expect(await readFile(`${files.accessLog}.1`, 'utf8')).toBe(one.repeat(30))
    await log.close()
    await writer.write(one)
    const later = await openRequestLog({ files, keepOld: true })
    await later.catchUp()
    expect(later.figures['p/web']?.requests).toBe(51)
    await later.close()
    await writer.close()
  })

  test('a new HAProxy writes to a new file, and what the one before wrote last is counted', async () => {
    const files = await newFiles()
    const one = `${line({ from: 1000, to: 1010 })}\n`
    const log = await openRequestLog({ files, keepOld: true })
    await appendFile(files.accessLog, one.repeat(2))
    await log.renew()
    const writer = await open(files.accessLog, 'r+')
    await writer.write(one)
    await log.catchUp()

    expect(log.figures['p/web']?.requests).toBe(3)
    await writer.close()
    await log.close()
  })
})
