import { z } from 'zod'
import type { Values } from './values.ts'

/** Posts a message to a URL. */
export const messageSpec = <W>(values: Values<W>) =>
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({
        kind: z.literal('RAW_WEBHOOK'),
        webhookUrl: values.matching(/^https?:\/\/\S+$/, 'must be an http or https URL'),
        message: values.text().describe('Sent as the body: as JSON when it is JSON, as text otherwise.'),
      }),
    ],
    { error: 'must be RAW_WEBHOOK' },
  )
export type MessageSpec = z.infer<ReturnType<typeof messageSpec<never>>>
