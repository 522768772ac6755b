import { type NotificationType, notificationTypes } from '@fairway/contract/resources/notification'
import { describe, expect, it } from 'vitest'
import type { Message, Receiver } from '../reconcile/notifier-port.ts'
import { createHttpNotifier } from './http-notifier.ts'
import { startTestReceiver, type TestReceiver } from './test-receiver.ts'

const message: Message = {
  id: 'delivery-1',
  event: 'build:failure',
  data: { build: { id: 'calm-reef-12' } },
  sentence: 'Build calm-reef-12 of <web> & @here failed.',
  mood: 'bad',
  link: 'https://fairway.example.com/projects/shop',
}

async function withReceiver(work: (receiver: TestReceiver) => Promise<void>): Promise<void> {
  const receiver = await startTestReceiver()
  try {
    await work(receiver)
  } finally {
    await receiver.close()
  }
}

const to = (type: NotificationType, webhook: string): Receiver => ({
  id: 'team',
  name: 'Team',
  type,
  webhook,
  secret: type === 'RAW_WEBHOOK' ? 'token' : undefined,
})

const notifier = createHttpNotifier({ allowPrivate: true })
const signal = new AbortController().signal

describe.each(notificationTypes)('a message to %s', (type) => {
  it('is one POST of JSON, and its answer comes back whatever it is', () =>
    withReceiver(async (receiver) => {
      expect(await notifier.send(to(type, `${receiver.url}/a/b?c=d`), message, signal)).toEqual({
        status: 200,
        text: 'ok',
      })
      receiver.answerWith(418)
      expect(await notifier.send(to(type, receiver.url), message, signal)).toMatchObject({ status: 418 })
      expect(receiver.received[0]).toMatchObject({
        path: '/a/b?c=d',
        headers: { 'content-type': 'application/json' },
      })
    }))

  it('says what happened and, of people, links to it', () =>
    withReceiver(async (receiver) => {
      await notifier.send(to(type, receiver.url), message, signal)
      const sent = JSON.stringify(receiver.received[0]?.body)
      expect(sent).toContain('calm-reef-12')
      if (type !== 'RAW_WEBHOOK') expect(sent).toContain(message.link)
    }))

  it('is refused for an address of this network unless that is allowed', () =>
    withReceiver(async (receiver) => {
      const careful = createHttpNotifier({ allowPrivate: false })
      await expect(careful.send(to(type, receiver.url), message, signal)).rejects.toMatchObject({
        code: 'forbidden',
      })
      expect(receiver.received).toEqual([])
    }))

  it('that cannot be brought says so', async () => {
    await expect(notifier.send(to(type, 'http://127.0.0.1:1/'), message, signal)).rejects.toMatchObject({
      code: 'timed_out',
    })
  })
})

const bodyOf = async (type: NotificationType, sentence = message.sentence): Promise<unknown> => {
  let body: unknown
  await withReceiver(async (receiver) => {
    await notifier.send(to(type, receiver.url), { ...message, sentence }, signal)
    body = receiver.received[0]?.body
  })
  return body
}

describe('the layouts', () => {
  it('let nobody be called by the name of a branch or a commit', async () => {
    expect(await bodyOf('SLACK')).toMatchObject({
      text: 'Build calm-reef-12 of &lt;web&gt; &amp; @here failed.',
    })
    expect(await bodyOf('DISCORD')).toMatchObject({ allowed_mentions: { parse: [] } })
  })

  it('let a name draw no link', async () => {
    const sentence = 'Build of [web](https://evil.example.com) failed.'
    for (const type of ['DISCORD', 'TEAMS', 'TEAMS_WORKFLOWS'] as const)
      expect(JSON.stringify(await bodyOf(type, sentence))).toContain('\\\\[web\\\\]')
  })

  it('are cards for Teams, of the connector and of workflows', async () => {
    expect(await bodyOf('TEAMS')).toMatchObject({ '@type': 'MessageCard', themeColor: 'C62828' })
    expect(await bodyOf('TEAMS_WORKFLOWS')).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            body: [{ color: 'attention' }, { text: expect.stringContaining('calm-reef-12') }],
          },
        },
      ],
    })
  })

  it('are the event and its data for a raw webhook', async () => {
    expect(await bodyOf('RAW_WEBHOOK')).toEqual({ event: message.event, data: message.data })
  })
})
