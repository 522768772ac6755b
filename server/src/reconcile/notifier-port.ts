import type { NotificationType } from '@fairway/contract/resources/notification'

/** Who is told, with address and secret in the clear. */
export type Receiver = {
  id: string
  name: string
  type: NotificationType
  webhook: string
  secret: string | undefined
}

export type Message = {
  /** The same at every attempt, so that a receiver can drop a repetition. */
  id: string
  /** `build:success`. */
  event: string
  data: Record<string, unknown>
  /** One line for people. */
  sentence: string
  mood: 'good' | 'bad' | 'neutral'
  /** The page about it, when people can reach it. */
  link: string | undefined
}

/** What the receiver answered, whatever it was. */
export type NotifierAnswer = { status: number; text: string }

/**
 * Brings a message to its receiver, once. Throws `forbidden` for an address that may not be reached and `timed_out` for one
 * that cannot be.
 */
export type Notifier = {
  send(receiver: Receiver, message: Message, signal: AbortSignal): Promise<NotifierAnswer>
}
