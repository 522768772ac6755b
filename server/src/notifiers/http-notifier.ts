import { guardedPost } from '../lib/guarded-post.ts'
import type { Notifier } from '../reconcile/notifier-port.ts'
import { layouts } from './layouts.ts'

/** Every kind of receiver takes one POST of JSON; they differ in what it says. */
export const createHttpNotifier = ({ allowPrivate }: { allowPrivate: boolean }): Notifier => ({
  send: (receiver, message, signal) => {
    const { headers, body } = layouts[receiver.type](message, receiver)
    return guardedPost({
      url: receiver.webhook,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      allowPrivate,
      signal,
    })
  },
})
