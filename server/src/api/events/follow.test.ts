import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { transaction } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { createToken } from '../../operations/tokens/create.ts'
import { type TestApi, withTestApi } from '../test-api.ts'

type Received = { id: string; subject: string }

/** Reads a live stream until it is stopped or the server ends it. */
function openStream({ url, tokens }: TestApi, query: string, headers: Record<string, string> = {}) {
  const received: Received[] = []
  const stop = new AbortController()
  const ended = (async () => {
    const response = await fetch(`${url}/v1/events${query}`, {
      headers: { authorization: `Bearer ${tokens.read}`, ...headers },
      signal: stop.signal,
    })
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const frames = text.split('\n\n')
      text = frames.pop() ?? ''
      received.push(...frames.flatMap(frameOf))
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  return { received, ended, stop: () => stop.abort() }
}

function frameOf(frame: string): Received[] {
  const id = /^id: (.*)$/m.exec(frame)?.[1]
  const data = /^data: (.*)$/m.exec(frame)?.[1]
  if (id === undefined || data === undefined) return []
  return [{ id, subject: (JSON.parse(data) as { subject: string }).subject }]
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition was not met in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const record = (api: TestApi, subject: string) =>
  recordEvent(api.db, { topic: 'build', subject, type: 'test' })

describe('an event stream', () => {
  test('sends what was missed first, then what comes, each once', () =>
    withTestApi(async (api) => {
      await record(api, 'first')
      const stream = openStream(api, '?topic=build&after=0')
      await until(() => stream.received.length === 1)
      await record(api, 'second')
      await until(() => stream.received.length === 2)
      stream.stop()
      const again = openStream(api, '?topic=build', { 'last-event-id': stream.received[0]!.id })
      await until(() => again.received.length === 1)
      again.stop()
      expect([...stream.received, ...again.received].map(({ subject }) => subject)).toEqual([
        'first',
        'second',
        'second',
      ])
    }))

  test('loses nothing when transactions commit in another order than they began', () =>
    withTestApi(async (api) => {
      const stream = openStream(api, '?topic=build&after=0')
      let release: () => void = () => undefined
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const slow = transaction(api.db, async (tx) => {
        await recordEvent(tx, { topic: 'build', subject: 'slow', type: 'test' })
        await held
      })
      for (let n = 0; n < 20; n += 1) await record(api, `fast-${n}`)
      release()
      await slow
      await until(() => stream.received.length === 21)
      stream.stop()
      const again = openStream(api, '?topic=build', { 'last-event-id': stream.received[4]!.id })
      await until(() => again.received.length === 16)
      again.stop()
      const subjects = new Set(stream.received.map(({ subject }) => subject))
      expect(subjects.size).toBe(21)
      expect(again.received).toEqual(stream.received.slice(5))
    }))

  test('shows only what was asked for', () =>
    withTestApi(async (api) => {
      const stream = openStream(api, '?topic=build&subject=shop%2Fweb&after=0')
      await record(api, 'other')
      await record(api, 'shop/web')
      await until(() => stream.received.length > 0)
      stream.stop()
      expect(stream.received.map(({ subject }) => subject)).toEqual(['shop/web'])
    }))

  test('leaves nothing behind of callers that go while they are being checked', () =>
    withTestApi(async ({ url, tokens }) => {
      const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
      const before = timers()
      const request = `GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.read}\r\n\r\n`
      for (let n = 0; n < 60; n += 1) {
        const socket = connect(Number(new URL(url).port), '127.0.0.1')
        await new Promise<void>((resolve) => socket.write(request, () => resolve()))
        socket.destroy()
      }
      // The connections to the database that were used wait with a timer each; a stream holds two.
      await until(() => timers() < before + 30)
    }))

  test('ends when its token expires', () =>
    withTestApi(async (api) => {
      const expiresAt = new Date(Date.now() + 1_000)
      const request = { name: 'short', permission: 'read', expiresAt, actor: 'test' } as const
      const { token } = await transaction(api.db, (tx) => createToken(tx, request))
      const stream = openStream(api, '', { authorization: `Bearer ${token}` })
      await stream.ended
      expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime())
    }))

  test('a position that is none is refused', () =>
    withTestApi(async ({ call }) => {
      expect((await call('GET', '/v1/events?after=x')).status).toBe(400)
    }))
})
