const DAY_MS = 86_400_000
const RENEW_LEFT_MS = 30 * DAY_MS

/** When a certificate is renewed: at two thirds of its life, or thirty days before its end where that is later. */
export function renewAt({ notBefore, notAfter }: { notBefore: Date; notAfter: Date }): Date {
  const [from, to] = [notBefore.getTime(), notAfter.getTime()]
  return new Date(Math.max(from + ((to - from) * 2) / 3, to - RENEW_LEFT_MS))
}
