import type { NotificationType } from '@fairway/contract/resources/notification'
import type { Message, Receiver } from '../reconcile/notifier-port.ts'

/** What is posted. */
export type Post = { headers: Record<string, string>; body: unknown }
export type Layout = (message: Message, receiver: Receiver) => Post

const TITLE = 'Fairway'
const colors = { good: '2E7D32', bad: 'C62828', neutral: '1565C0' } as const

/** Sources: the reference's webhook delivery; api.slack.com/messaging/webhooks; discord.com/developers (execute webhook);
 * learn.microsoft.com (message cards, and adaptive cards by workflows). */
export const layouts: Record<NotificationType, Layout> = {
  RAW_WEBHOOK: ({ id, event, data }, receiver) => ({
    headers: {
      'x-northflank-notification-integration-id': receiver.id,
      'x-northflank-notification-integration-name': receiver.name,
      ...(receiver.secret !== undefined && {
        'x-northflank-notification-integration-token': receiver.secret,
      }),
      'x-northflank-notification-event-id': id,
      'x-northflank-notification-event-type': event,
      'idempotency-key': id,
    },
    body: { event, data },
  }),
  SLACK: ({ sentence, link }) => {
    const text = link === undefined ? forSlack(sentence) : `${forSlack(sentence)} <${link}|Open>`
    return {
      headers: {},
      body: { text: forSlack(sentence), blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] },
    }
  },
  DISCORD: ({ sentence, event, mood, link }) => ({
    headers: {},
    body: {
      // Nobody is called by what a commit or a branch is named.
      allowed_mentions: { parse: [] },
      embeds: [
        {
          title: event,
          description: plain(sentence),
          color: Number.parseInt(colors[mood], 16),
          ...(link !== undefined && { url: link }),
        },
      ],
    },
  }),
  TEAMS: ({ sentence, event, mood, link }) => ({
    headers: {},
    body: {
      '@type': 'MessageCard',
      '@context': 'https://schema.org/extensions',
      themeColor: colors[mood],
      summary: sentence,
      title: `${TITLE}: ${event}`,
      text: plain(sentence),
      ...(link !== undefined && {
        potentialAction: [{ '@type': 'OpenUri', name: 'Open', targets: [{ os: 'default', uri: link }] }],
      }),
    },
  }),
  TEAMS_WORKFLOWS: ({ sentence, event, mood, link }) => ({
    headers: {},
    body: {
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: card(event, plain(sentence), mood, link),
        },
      ],
    },
  }),
}

const cardColors = { good: 'good', bad: 'attention', neutral: 'accent' } as const

const card = (event: string, sentence: string, mood: Message['mood'], link: string | undefined) => ({
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  type: 'AdaptiveCard',
  version: '1.4',
  body: [
    { type: 'TextBlock', text: `${TITLE}: ${event}`, weight: 'bolder', color: cardColors[mood] },
    { type: 'TextBlock', text: sentence, wrap: true },
  ],
  ...(link !== undefined && { actions: [{ type: 'Action.OpenUrl', title: 'Open', url: link }] }),
})

/** The three characters that mean something there. */
const forSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Without the marks of Markdown: what a branch or a commit is named draws no link. */
const plain = (text: string): string => text.replace(/[\\`*_~[\]|]/g, '\\$&')
