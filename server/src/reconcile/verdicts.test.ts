import { expect, test } from 'vitest'
import { createVerdicts } from './verdicts.ts'

const never = new AbortController().signal
const FOREVER = { ms: 2 ** 30, signal: never }

test('whoever waits goes on at the next verdict of its service, and of no other', async () => {
  const verdicts = createVerdicts()
  let isOver = false
  const waited = verdicts.next('shop/web', 0, FOREVER).then(() => {
    isOver = true
  })
  verdicts.tell('shop/other')
  await Promise.resolve()
  expect(isOver).toBe(false)
  verdicts.tell('shop/web')
  await waited
  expect(verdicts.count('shop/web')).toBe(1)
})

test('a verdict that came between looking and waiting is not missed', async () => {
  const verdicts = createVerdicts()
  const since = verdicts.count('shop/web')
  verdicts.tell('shop/web')
  await verdicts.next('shop/web', since, FOREVER)
})

test('nobody waits longer than asked for, nor for work that was taken away', async () => {
  const verdicts = createVerdicts()
  await verdicts.next('shop/web', 0, { ms: 1, signal: never })
  const lost = new AbortController()
  const waited = verdicts.next('shop/web', 0, { ms: 2 ** 30, signal: lost.signal })
  lost.abort()
  await waited
})
