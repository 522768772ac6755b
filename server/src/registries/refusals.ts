import { FairwayError } from '@fairway/contract/errors'
import type { ImageReference } from '../lib/image-reference.ts'

/** An image as people write it, in full. */
export const nameOf = ({ registry, repository, tag, digest }: ImageReference): string =>
  `${registry}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`

export const unreachable = (image: ImageReference, reason: string, cause?: unknown): FairwayError =>
  new FairwayError(
    'registry_unreachable',
    `The registry ${image.registry} could not be asked for the image ${image.repository}: ${reason}. ` +
      'Check its address and that this host reaches it, then try again.',
    { cause },
  )

type Refused = { image: ImageReference; status: number; body: Buffer; hasCredentials: boolean }

/** What an answer other than success means. The registry's own words stay out: they may repeat what was sent. */
export function refusalOf({ image, status, body, hasCredentials }: Refused): FairwayError {
  const codes = [...body.toString('utf8').matchAll(/"code"\s*:\s*"([A-Z_]{1,40})"/g)].map(([, code]) => code)
  const detail = `${image.registry} answered ${status} ${codes.join(' ')}`.trim()
  if (status === 401 || status === 403) {
    const what = hasCredentials
      ? 'The saved credentials do not open it, or there is no such image. Check the name and the credentials.'
      : 'It is private, or there is no such image. Check the name, or add registry credentials.'
    return new FairwayError('image_denied', `The registry denies the image ${nameOf(image)}. ${what}`, {
      detail,
    })
  }
  if (status === 429) {
    return unreachable(image, 'it allows no more requests for now; credentials may raise the limit')
  }
  if (status >= 400 && status < 500 && status !== 408) {
    return new FairwayError(
      'image_not_found',
      `There is no image ${nameOf(image)}. Check the name and the tag, and that it was pushed.`,
      { detail },
    )
  }
  return unreachable(image, `it answered ${status}`)
}
