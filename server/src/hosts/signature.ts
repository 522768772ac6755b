import { createHmac, timingSafeEqual } from 'node:crypto'

/** Whether `given` is the HMAC-SHA256 of the body in hexadecimal, with or without the prefix `sha256=`. */
export function isHmacOf(rawBody: Buffer, secret: string, given: string | undefined): boolean {
  if (given === undefined) return false
  const wanted = createHmac('sha256', secret).update(rawBody).digest('hex')
  return isSameSecret(given.replace(/^sha256=/, ''), wanted)
}

/** Compares in constant time, whatever the lengths. */
export function isSameSecret(given: string | undefined, wanted: string): boolean {
  if (given === undefined) return false
  const hash = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(hash(given), hash(wanted))
}
